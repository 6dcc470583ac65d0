#pragma once
/// Header-only by default. With the target rcar::compiled, whose library holds them, a program need not compile the
/// dearest functions again: the target defines RCAR_COMPILED for its users and RCAR_COMPILING for itself.

#if defined(RCAR_COMPILED) || defined(RCAR_COMPILING)
#define RCAR_HEADER_INLINE
#else
#define RCAR_HEADER_INLINE inline
#endif
