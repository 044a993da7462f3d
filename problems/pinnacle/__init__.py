"""The problems of PINNacle, each as the suite states it: see docs/pinnacle.md."""
