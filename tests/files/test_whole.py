"""Files and folders that are there whole or not at all."""

import pytest

from sirenpde.files.whole import whole, whole_folder


@pytest.mark.parametrize("there", [True, False])
def test_a_block_that_fails_leaves_what_was_there(tmp_path, there):
    file, folder = tmp_path / "u.txt", tmp_path / "steps"
    if there:
        file.write_text("old")
        folder.mkdir()
        (folder / "u_0").write_text("old")
    with pytest.raises(OSError), whole(file) as beside:
        beside.write_text("half")
        raise OSError
    with pytest.raises(KeyboardInterrupt), whole_folder(folder) as beside:
        (beside / "u_0").write_text("half")
        raise KeyboardInterrupt
    found = {
        str(path.relative_to(tmp_path)): path.read_text() for path in tmp_path.rglob("*") if path.is_file()
    }
    assert found == ({"u.txt": "old", "steps/u_0": "old"} if there else {})
    assert folder.exists() == there and len(list(tmp_path.iterdir())) == (2 if there else 0)


def test_a_folder_takes_the_place_of_the_last_one(tmp_path):
    target = tmp_path / "deep" / "steps"
    for names in ("abc", "ad"):
        with whole_folder(target) as beside:
            for name in names:
                (beside / name).write_text(names)
    assert {file.name: file.read_text() for file in target.iterdir()} == {"a": "ad", "d": "ad"}
    assert [path.name for path in target.parent.iterdir()] == ["steps"]
