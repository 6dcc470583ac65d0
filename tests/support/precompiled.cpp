// The source that CMake compiles precompiled.hpp for; the test programs reuse the result.
