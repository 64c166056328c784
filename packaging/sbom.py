#!/usr/bin/env python3
"""Prints the software bill of materials of the release build: CycloneDX 1.5 as JSON.

Reads what cargo resolved from Cargo.lock; dependencies of tests are left out.
Usage: packaging/sbom.py > pixelkeep.cdx.json
"""
import json
import subprocess
import sys

TARGET = "x86_64-unknown-linux-gnu"


def metadata():
    command = ["cargo", "metadata", "--format-version", "1", "--locked", "--filter-platform", TARGET]
    return json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)


def shipped(resolve):
    """What the program is built of and built with, from its root on."""
    nodes = {node["id"]: node for node in resolve["nodes"]}
    found, waiting = set(), [resolve["root"]]
    while waiting:
        package = waiting.pop()
        if package in found:
            continue
        found.add(package)
        for dependency in nodes[package]["deps"]:
            if any(kind["kind"] != "dev" for kind in dependency["dep_kinds"]):
                waiting.append(dependency["pkg"])
    return found, nodes


def purl(package):
    return f"pkg:cargo/{package['name']}@{package['version']}"


def component(package, kind):
    entry = {
        "type": kind,
        "bom-ref": purl(package),
        "name": package["name"],
        "version": package["version"],
        "purl": purl(package),
    }
    if package.get("license"):
        entry["licenses"] = [{"expression": package["license"].replace("/", " OR ")}]
    return entry


def main():
    found = metadata()
    ids, nodes = shipped(found["resolve"])
    packages = {package["id"]: package for package in found["packages"] if package["id"] in ids}
    root = found["resolve"]["root"]
    libraries = sorted((p for i, p in packages.items() if i != root), key=purl)
    bom = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {"component": component(packages[root], "application")},
        "components": [component(package, "library") for package in libraries],
        "dependencies": [
            {
                "ref": purl(packages[node]),
                "dependsOn": sorted(
                    purl(packages[d["pkg"]]) for d in nodes[node]["deps"] if d["pkg"] in packages
                ),
            }
            for node in sorted(packages)
        ],
    }
    json.dump(bom, sys.stdout, indent=1)
    print()


if __name__ == "__main__":
    main()
