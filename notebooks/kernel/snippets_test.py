"""Checks README's snippets of YAML against the schemas of what reads them: a Kubernetes Job,
a Compose file. A snippet that no schema is known for fails, too."""

import copy
import json
import re
import sys
from pathlib import Path

import yaml
from jsonschema import Draft202012Validator

ROOT = Path(__file__).resolve().parents[2]
SCHEMAS = {name: json.loads((Path(__file__).parent / "schemas" / f"{name}.json").read_text()) for name in ("job", "compose")}


def problems(snippet):
    """What its reader would refuse, in words."""
    kind = "job" if snippet.get("kind") == "Job" else "compose" if "services" in snippet else None
    if not kind:
        return [f"neither a Job nor a Compose file: {sorted(snippet)}"]
    errors = Draft202012Validator(SCHEMAS[kind]).iter_errors(snippet)
    return [f"{error.json_path}: {error.message}" for error in errors]


def spoilt(snippet):
    """The snippet with a name misspelt deep inside, which a check must see."""
    snippet = copy.deepcopy(snippet)
    if "services" in snippet:
        service = next(iter(snippet["services"].values()))
        service["prots"] = service.pop("ports", [])
    else:
        container = snippet["spec"]["template"]["spec"]["containers"][0]
        container["imgae"] = container.pop("image")
    return snippet


def main():
    readme = (ROOT / "README.md").read_text()
    snippets = [yaml.safe_load(text) for text in re.findall(r"^```yaml\n(.*?)^```", readme, re.DOTALL | re.MULTILINE)]
    bad = [problem for snippet in snippets for problem in problems(snippet)]
    bad += [f"a misspelt name goes unseen in {snippet}" for snippet in snippets if not problems(spoilt(snippet))]
    kinds = [snippet.get("kind", "Compose") for snippet in snippets]
    if not {"Job", "Compose"} <= set(kinds):
        bad.append(f"README has {kinds or 'none'}, not a Job and a Compose file")
    if bad:
        sys.exit("\n".join(bad))
    print(f"{len(snippets)} snippets of YAML are as Kubernetes and Compose read them")


if __name__ == "__main__":
    main()
