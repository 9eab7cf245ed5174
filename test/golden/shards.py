"""Writes shards.json: the samples that WebDataset forms of files in a shard, as fields by key, or its error.
python test/golden/shards.py, with webdataset 1.0.2."""

import io
import json
import tarfile
import tempfile
from importlib.metadata import version
from pathlib import Path

import webdataset

SHARDS = {
    "plain": ["a.jpg", "a.cls", "b.cls", "b.jpg"],
    "folders with dots": ["v1.0/a.jpg", "v1.0/a.cls", "v1.0/b.c/d.jpg", "v1.0/b.c/d.cls"],
    "dots in names": ["photo.v2.jpg", "photo.v2.cls", "other.jpg", "other.cls"],
    "dots that make one of two": ["2021.01.02.jpg", "2021.01.02.cls", "2021.01.03.jpg", "2021.01.03.cls"],
    "capitals": ["A.JPG", "A.Cls", "a.jpg", "a.cls"],
    "metadata": ["__meta__/info.json", "__shard__", "__x__.json", "a.jpg", "a.cls", "b__c__.jpg", "b__c__.cls"],
    "a dot slash": ["./a.jpg", "./a.cls", "./sub/b.jpg", "./sub/b.cls"],
    "names without dots": ["README", "a.jpg", "sub/LICENSE", "a.cls"],
    "more fields": ["a.cls", "a.jpg", "a.json", "a.seg.png", "a.txt"],
    "the same twice": ["a.jpg", "a.cls", "a.jpg"],
    "the same in capitals": ["a.jpg", "a.cls", "a.JPG"],
    "the same later": ["a.jpg", "a.cls", "b.jpg", "b.cls", "a.jpg", "a.cls"],
    "apart": ["a.jpg", "b.jpg", "b.cls", "a.cls"],
    "lines and spaces": ["my cat.jpg", "my cat.cls", "x/ y .jpg", "x/ y .cls"],
}


def samples(names):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "0.tar"
        with tarfile.open(path, "w") as tar:
            for name in names:
                info = tarfile.TarInfo(name)
                info.size = 1
                tar.addfile(info, io.BytesIO(b"1"))
        try:
            found = webdataset.WebDataset(str(path), shardshuffle=False, empty_check=False)
            return [{"key": s["__key__"], "fields": [f for f in s if not f.startswith("__")]} for s in found]
        except ValueError as error:
            return {"error": str(error.args[0]).split(" dict_keys")[0]}


cases = [{"name": name, "files": files, "samples": samples(files)} for name, files in SHARDS.items()]
out = Path(__file__).parent / "shards.json"
out.write_text(json.dumps({"webdataset": version("webdataset"), "cases": cases}, indent=1) + "\n")
for case in cases:
    print(case["name"], case["samples"])
