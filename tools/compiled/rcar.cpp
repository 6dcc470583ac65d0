// What the target rcar::compiled holds: every registered recognizer, so that programs that choose at run time need not
// compile them all again. Header-only use stays the default.
#include <rcar/any_recognizer.hpp>

namespace rcar {

template std::unique_ptr<AnyRecognizer> make_recognizer<RegisteredRecognizers>(const RecognizerChoice&,
                                                                               const weights::Store&, Sampler);

}  // namespace rcar
