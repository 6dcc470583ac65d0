"""Makes the Debian packages of a built tree and looks into them; builds an outside project against their unpacked files.

usage: check_deb.py --source FOLDER --build FOLDER --compiler CXX

tools/packaging/test_deb installs them on a bare Debian, which takes minutes and root.
"""

import argparse
import pathlib
import re
import shutil
import subprocess
import sys

SKIP_EXIT_CODE = 77


def run(*command, **options):
    done = subprocess.run([str(word) for word in command], text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **options)
    if done.returncode != 0:
        print(done.stdout)
        sys.exit(f"error: failed ({done.returncode}): {' '.join(map(str, command))}")
    return done.stdout


def expect(condition, what):
    if not condition:
        sys.exit(f"error: {what}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--source", type=pathlib.Path, required=True)
    parser.add_argument("--build", type=pathlib.Path, required=True)
    parser.add_argument("--compiler", required=True)
    args = parser.parse_args()
    for tool in ("dpkg-deb", "dpkg-shlibdeps", "file", "pkg-config"):
        if shutil.which(tool) is None:
            print(f"skipped: {tool} is missing (tools/setup --package)")
            return SKIP_EXIT_CODE

    work = args.build.resolve() / "package" / "deb"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    run("cpack", "-B", work, cwd=args.build)
    packages = {path.name.split("_")[0]: path for path in work.glob("*.deb")}
    expect(set(packages) == {"librcar-dev", "rcar"}, f"CPack made {sorted(packages)}")

    header = (args.source / "include/rcar/core/version.hpp").read_text()
    version = ".".join(re.findall(r"_VERSION_(?:MAJOR|MINOR|PATCH) (\d+)", header))
    needed = run("cmake", "-P", args.source / "tools/cmake/rcarComponents.cmake").split()

    def field(package, name):
        return run("dpkg-deb", "--field", packages[package], name).strip()

    for package in packages:
        expect(field(package, "Version") == version, f"{package} has version {field(package, 'Version')}")
        contents = run("dpkg-deb", "--contents", packages[package])
        for line in contents.splitlines():
            expect(" root/root " in line, f"{package}: not root's: {line}")
            expect(re.match(r"(drwxr-xr-x|-rw-r--r--|-rwxr-xr-x) ", line), f"{package}: odd permissions: {line}")
        for name in ("copyright", "changelog.gz"):
            expect(f"./usr/share/doc/{package}/{name}\n" in contents, f"{package} has no {name}")
    expect(field("librcar-dev", "Architecture") == "all", "librcar-dev is not for every architecture")
    expect(set(field("librcar-dev", "Depends").split(", ")) == set(needed), "librcar-dev does not depend on what the components need")
    expect("libavcodec" in field("rcar", "Depends") and "-dev" not in field("rcar", "Depends"), f"rcar depends on {field('rcar', 'Depends')}")

    root = work / "root"
    for path in packages.values():
        run("dpkg-deb", "--extract", path, root)
    for path in [*(root / "usr/share/cmake").rglob("*"), *(root / "usr/share/pkgconfig").iterdir()]:
        text = path.read_text() if path.is_file() else ""
        expect("x86_64" not in text and str(args.source.resolve()) not in text, f"{path} names a folder of one machine")
    programs = sorted((root / "usr/bin").iterdir())
    expect(len(programs) >= 5, f"rcar has the programs {[path.name for path in programs]}")
    for program in programs:
        expect(run(program, "--help"), f"{program} has no help")
        for library in re.findall(r"NEEDED +(\S+)", run("objdump", "-p", program)):
            expect(not re.match("libcu(blas|dnn|dart|da)", library), f"{program} does not start without {library}, which Debian has not")
    expect("efficientnetlite0" in run(root / "usr/bin/get_weights", "--list", cwd=work), "get_weights does not find its manifest")

    flags = run("pkg-config", "--cflags", "--libs", "rcar-heads", env={"PATH": "/usr/bin:/bin", "PKG_CONFIG_PATH": str(root / "usr/share/pkgconfig")})
    run(args.compiler, "-std=c++20", args.source / "tests/package/heads_user.cpp", "-o", work / "heads_user", *flags.split())
    print(run(work / "heads_user").strip())
    print(f"{', '.join(f'{path.name} ({path.stat().st_size / 1e6:.1f} MB)' for path in packages.values())}")
    shutil.rmtree(work)
    return 0


if __name__ == "__main__":
    sys.exit(main())
