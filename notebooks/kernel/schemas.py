"""Takes from two wheels the JSON schemas that README's snippets are checked against.

`make lock` runs it; what it writes is committed, so checking needs no network.

    compose.json   of the Compose specification (Apache-2.0), as in check-jsonschema 0.39.0
    job.json       batch/v1 Job of Kubernetes 1.37 (Apache-2.0) with all that it refers to,
                   unknown names refused, as in kubernetes-validate 1.37.0
"""

import json
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

HERE = Path(__file__).resolve().parent / "schemas"
WHEELS = """
check-jsonschema==0.39.0 --hash=sha256:14ce5c94871c551268ea948ffe21e9f1464dc48fb20bf9a4c13deeaaf756cf9b
kubernetes-validate==1.37.0 --hash=sha256:85136d018a27b50ec7fc049d902bfa5193f5976807e6c0f408e3ab6fe078cad9
"""
COMPOSE = "check_jsonschema/builtin_schemas/vendor/compose-spec.json"
KUBERNETES = "kubernetes_validate/kubernetes-json-schema/v1.37.0-local-strict/"


def bare(schema):
    """Without descriptions, which are nine tenths of it; a property may have that name."""
    if isinstance(schema, list):
        return [bare(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        key: bare(part) for key, part in schema.items()
        if not (key == "description" and isinstance(part, str)) and not key.startswith("x-")
    }


def with_references(schema, definitions):
    """The schema with those of the definitions that it needs, as one file."""
    text, needed = json.dumps(schema), {}
    while True:
        new = [name for name in definitions if name not in needed and f'/{name}"' in text]
        if not new:
            break
        needed |= {name: definitions[name] for name in new}
        text = json.dumps([schema, needed])
    whole = json.dumps(schema | {"$defs": needed})
    return json.loads(whole.replace("/api/_definitions.json#/", "#/"))


def write(name, schema):
    (HERE / name).write_text(json.dumps(bare(schema), indent=1, sort_keys=True) + "\n")


def main():
    with tempfile.TemporaryDirectory() as tmp:
        asked = Path(tmp, "asked.txt")
        asked.write_text(WHEELS)
        subprocess.run(
            [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--require-hashes", "-d", tmp, "-r", asked], check=True
        )
        compose, kubernetes = (zipfile.ZipFile(next(Path(tmp).glob(name))) for name in ("check_*.whl", "kubernetes_*.whl"))
        HERE.mkdir(exist_ok=True)
        write("compose.json", json.loads(compose.read(COMPOSE)))
        job = json.loads(kubernetes.read(KUBERNETES + "job-batch-v1.json"))
        definitions = json.loads(kubernetes.read(KUBERNETES + "_definitions.json"))["$defs"]
        write("job.json", with_references(job, definitions))


if __name__ == "__main__":
    main()
