#include "typed_heads.hpp"

template rcar::tools::sweep::HeadResult rcar::tools::sweep::train_with<rcar::LSTM>(Layers, int, const FeatureSet&,
                                                                                   const FeatureSet&,
                                                                                   const StringLookup&,
                                                                                   const ExperimentOptions&);
