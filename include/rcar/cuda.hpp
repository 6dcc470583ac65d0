#pragma once
/// What a program for an NVIDIA GPU includes beside recognizer.hpp: backend::Cuda, and networks and training on a
/// device. It links rcar::cuda.
///
///     using Model = rcar::Recognizer<rcar::EfficientNetB7<600>, rcar::LSTM, 20, rcar::backend::Cuda>;

#include "backend/cuda.hpp"
#include "network/device_network.hpp"
#include "train/device_trainer.hpp"
