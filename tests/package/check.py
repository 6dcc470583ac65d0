"""Uses rcar from outside projects, in one of the ways in which a user comes by it.

usage: check.py WAY --source FOLDER --build FOLDER --compiler CXX [--generator NAME]

  find_package   the installed library, moved to another folder, and all of its targets
  components     a part of it, on a machine that lacks what the other parts need
  pkg_config     the installed library by pkg-config, without CMake
  source         the source tree by add_subdirectory, and an archive of it by FetchContent

BUILD is a built tree of rcar. Nothing is fetched from a network.
"""

import argparse
import pathlib
import re
import shutil
import subprocess
import sys
import tarfile

SKIP_EXIT_CODE = 77
HERE = pathlib.Path(__file__).resolve().parent
# Of these folders a machine consists on which only rcar::heads can be used.
HEADERS_OF_HEADS = ["xtl", "xtensor", "openssl"]
ARCHIVED = ["CMakeLists.txt", "LICENSE", "CHANGELOG.md", "include", "tools", "weights/manifest.json"]


def run(*command, fails=False, **options):
    words = [str(word) for word in command]
    done = subprocess.run(words, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **options)
    if (done.returncode != 0) != fails:
        print(done.stdout)
        sys.exit(f"error: {'succeeds, which it must not' if fails else 'failed'} ({done.returncode}): {' '.join(words)}")
    return done.stdout


def expect(condition, what, output=""):
    if not condition:
        sys.exit(f"error: {what}\n{output}")


class Check:
    def __init__(self, args):
        self.source, self.build, self.args = args.source.resolve(), args.build.resolve(), args
        self.work = self.build / "package" / args.way
        shutil.rmtree(self.work, ignore_errors=True)
        self.work.mkdir(parents=True)
        self.kind = "Release" if args.way == "find_package" else "Debug"  # which compiles in half the time

    def cached(self, variable):
        return re.search(rf"^{variable}:FILEPATH=(.+)$", (self.build / "CMakeCache.txt").read_text(), re.MULTILINE)[1]

    def install(self, *options):
        """rcar in a folder that nothing in it can know."""
        run("cmake", "--install", self.build, "--prefix", self.work / "staged", *options)
        (self.work / "staged").rename(self.work / "installed")
        return self.work / "installed"

    def configure(self, project, name, *definitions, fails=False):
        return run("cmake", "-S", project, "-B", self.work / name, "-G", self.args.generator, "-D", f"CMAKE_BUILD_TYPE={self.kind}",
                   "-D", f"CMAKE_CXX_COMPILER={self.args.compiler}", *(word for each in definitions for word in ("-D", each)),
                   fails=fails)

    def build_and_run(self, name, *programs):
        run("cmake", "--build", self.work / name, "--target", *programs)
        for program in programs:
            print(f"{program}: {run(self.work / name / program, cwd=self.work).strip()}")

    def find_package(self):
        installed = self.install()
        self.configure(HERE, "build", f"CMAKE_PREFIX_PATH={installed}", "CMAKE_CUDA_ARCHITECTURES=90")  # one is enough to see that it builds
        self.build_and_run("build", "user", "keras_user", "heads_user")
        if (self.work / "build" / "cuda_user").exists():
            self.build_and_run("build", "cuda_user")
        for path in installed.rglob("*"):  # but for what the linker was told of, in programs
            if path.suffix in {".cmake", ".pc", ".hpp"}:
                text = path.read_text()
                expect(str(self.work) not in text and str(self.source) not in text, f"{path} names a folder of the build")

    def poor_machine(self):
        """A folder beside which CMake sees nothing: what rcar::heads needs, and not more."""
        machine = self.work / "machine"
        (machine / "include").mkdir(parents=True)
        (machine / "lib").mkdir()
        for name in HEADERS_OF_HEADS:
            (machine / "include" / name).symlink_to(pathlib.Path("/usr/include") / name)
        (machine / "lib" / "libcrypto.so").symlink_to(self.cached("RCAR_crypto_LIBRARY"))
        return ["CMAKE_FIND_USE_CMAKE_SYSTEM_PATH=OFF", "CMAKE_FIND_USE_SYSTEM_ENVIRONMENT_PATH=OFF",
                f"CMAKE_MAKE_PROGRAM={self.cached('CMAKE_MAKE_PROGRAM')}"], machine

    def components(self):
        installed = self.install("--component", "development")
        blind, machine = self.poor_machine()
        poor = [*blind, f"CMAKE_PREFIX_PATH={installed};{machine}"]
        rich = [f"CMAKE_PREFIX_PATH={installed}"]
        project = HERE / "components"

        said = self.configure(project, "heads", *poor, "components=heads", "optional=keras")
        expect("heads: TRUE" in said and "keras: FALSE" in said and "rcar: FALSE" in said, "what is there is not what is told", said)
        self.build_and_run("heads", "heads_user")
        expect(not (self.work / "heads" / "keras_user").exists(), "there is a program of a component that was not found")

        said = self.configure(project, "missing", *poor, "components=heads;video", fails=True)
        for line in ("set rcar_FOUND to FALSE", "<libavcodec/avcodec.h> or its library is missing: apt install libavcodec-dev",
                     "apt install libopencv-core-dev", "apt install libgif-dev"):
            expect(line in re.sub(r"\s+", " ", said), f"the message does not say '{line}'", said)
        expect("libhdf5-dev" not in said and "libopenblas-dev" not in said, "it asks for what nobody asked for", said)
        said = self.configure(project, "all_missing", *poor, fails=True)
        expect("libhdf5-dev" in said and "libopenblas-dev" in said and "libopencv-imgcodecs-dev" in said, "all is asked for by no list", said)

        said = self.configure(project, "unknown", *rich, "components=heads;audio", fails=True)
        expect("rcar has no component 'audio'. It has heads, video, blas, rcar, keras, report, cuda and mpi." in re.sub(r"\s+", " ", said),
               "an unknown component is not named", said)
        said = self.configure(project, "unknown", *rich, "components=heads", "optional=audio")
        expect("heads: TRUE" in said, "an unknown optional component stops it", said)

        said = self.configure(project, "parts", *rich, "components=video;blas;keras")
        expect("rcar: TRUE, report: TRUE" in said, "on a machine with everything a target is missing", said)
        self.build_and_run("parts", "video_user", "blas_user", "keras_user")

    def pkg_config(self):
        if shutil.which("pkg-config") is None:
            print("skipped: pkg-config is not installed (apt install pkgconf)")
            sys.exit(SKIP_EXIT_CODE)
        installed = self.install("--component", "development")
        environment = {"PATH": "/usr/bin:/bin", "PKG_CONFIG_PATH": str(installed / "share" / "pkgconfig")}

        def ask(*words):
            return run("pkg-config", *words, env=environment).split()

        version = ask("--modversion", "rcar")[0]
        header = (self.source / "include/rcar/core/version.hpp").read_text()
        expect(version == ".".join(re.findall(r"_VERSION_(?:MAJOR|MINOR|PATCH) (\d+)", header)), f"rcar.pc says version {version}")
        for package, sources in (("rcar", ["main.cpp", "second.cpp"]), ("rcar-keras", ["keras_user.cpp"]), ("rcar-blas", ["blas_user.cpp"])):
            program = self.work / f"{package}_user"
            run(self.args.compiler, "-std=c++20", *(HERE / source for source in sources), "-o", program,
                *ask("--cflags", "--libs", package))
            print(f"{package}: {run(program, cwd=self.work).strip()}")
        needed = " ".join(ask("--libs", "rcar-heads"))
        expect("opencv" not in needed and "blas" not in needed and "crypto" in needed, f"rcar-heads links {needed}")
        expect("-lopencv_imgcodecs" in ask("--libs", "rcar-report"), "rcar-report does not link OpenCV's imgcodecs")

    def source_tree(self):
        self.configure(HERE, "subdirectory", "way=add_subdirectory", f"rcar={self.source}", "RCAR_COMPONENTS=heads")
        self.build_and_run("subdirectory", "heads_user")
        archive = self.work / "rcar.tar.gz"
        with tarfile.open(archive, "w:gz", compresslevel=1) as tar:
            for name in ARCHIVED:
                tar.add(self.source / name, arcname=f"rcar-0/{name}", filter=lambda entry: None if "__pycache__" in entry.name else entry)
        self.configure(HERE, "fetched", "way=fetch_content", f"rcar=file://{archive}")
        self.build_and_run("fetched", "user")
        built = [path.name for path in (self.work / "fetched").rglob("*.a")]
        expect(not built, f"the user's build also built {built}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("way", choices=["find_package", "components", "pkg_config", "source"])
    parser.add_argument("--source", type=pathlib.Path, required=True)
    parser.add_argument("--build", type=pathlib.Path, required=True)
    parser.add_argument("--compiler", required=True)
    parser.add_argument("--generator", default="Ninja")
    args = parser.parse_args()
    check = Check(args)
    {"find_package": check.find_package, "components": check.components, "pkg_config": check.pkg_config, "source": check.source_tree}[args.way]()
    shutil.rmtree(check.work)


if __name__ == "__main__":
    main()
