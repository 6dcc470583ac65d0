"""rcar for Conan 2: the headers in Conan's cache, the libraries that they need from the system's packages.

    conan create tools/packaging/conan -c tools.system.package_manager:mode=install

The package brings rcar's own rcarConfig.cmake, so find_package(rcar COMPONENTS ...) works as it does without Conan.
"""

import pathlib
import re
import subprocess

from conan import ConanFile
from conan.tools.build import check_min_cppstd
from conan.tools.cmake import CMake, CMakeToolchain
from conan.tools.files import copy
from conan.tools.system.package_manager import Apt


class Rcar(ConanFile):
    name = "rcar"
    description = "Recurrent convolutional action recognition: train, evaluate and run video classifiers in C++20"
    license = "MIT"
    topics = ("video-classification", "action-recognition", "deep-learning", "header-only")
    package_type = "header-library"
    settings = "os", "arch", "compiler", "build_type"

    def _source_tree(self):
        """The tree that this recipe stands in; once exported, Conan's copy of it."""
        return pathlib.Path(self.recipe_folder).parents[2]

    def set_version(self):
        header = (self._source_tree() / "include/rcar/core/version.hpp").read_text()
        self.version = ".".join(re.findall(r"^#define RCAR_VERSION_(?:MAJOR|MINOR|PATCH) (\d+)$", header, re.MULTILINE))

    def export(self):
        copy(self, "rcarComponents.cmake", self._source_tree() / "tools/cmake", self.export_folder)

    def export_sources(self):
        for pattern in ("CMakeLists.txt", "LICENSE", "CHANGELOG.md", "include/*", "tools/cmake/*", "tools/compiled/*"):
            copy(self, pattern, self._source_tree(), self.export_sources_folder)

    def validate(self):
        check_min_cppstd(self, 20)

    def system_requirements(self):
        listed = subprocess.run(["cmake", "-P", str(pathlib.Path(self.recipe_folder) / "rcarComponents.cmake")], text=True,
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=True)
        Apt(self).install(listed.stdout.split(), check=True)

    def generate(self):
        toolchain = CMakeToolchain(self)
        for part in ("TESTS", "EXAMPLES", "TOOLS", "BENCH"):
            toolchain.cache_variables[f"RCAR_BUILD_{part}"] = False
        toolchain.cache_variables["RCAR_CUDA"] = False
        toolchain.generate()

    def build(self):
        CMake(self).configure()

    def package(self):
        copy(self, "LICENSE", self.source_folder, pathlib.Path(self.package_folder) / "licenses")
        CMake(self).install(component="development")

    def package_id(self):
        self.info.clear()

    def package_info(self):
        self.cpp_info.set_property("cmake_find_mode", "none")  # rcar's own configuration file is found instead
        self.cpp_info.builddirs = ["share/cmake/rcar"]
        self.cpp_info.bindirs = []
        self.cpp_info.libdirs = []
