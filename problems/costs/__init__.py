"""Problems of one kind each at many sizes, whose cost ``bench cost`` measures."""
