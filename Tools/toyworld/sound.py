"""What the models hear: AudioLDM's log-mel spectrograms, and ImageBind's filterbank features of one second."""

import functools

import librosa
import torch
import torch.nn.functional as F

from world import RATE

HOP = 160
BINS = 64


@functools.cache
def _mel_basis():
    return torch.from_numpy(librosa.filters.mel(sr=RATE, n_fft=1024, n_mels=BINS, fmin=0, fmax=8000)).float()


def log_mel(wave):
    """[n, samples] to [n, samples / 160, 64]: natural logarithm of mel magnitudes, at least ln 1e-5, as AudioLDM was
    trained on."""
    padded = F.pad(wave[:, None], (432, 432), mode="reflect")[:, 0]
    window = torch.hann_window(1024, device=wave.device)
    magnitude = torch.stft(padded, 1024, HOP, 1024, window, center=False, return_complex=True).abs()
    return (_mel_basis().to(wave) @ magnitude).clamp(min=1e-5).log().transpose(1, 2)


@functools.cache
def _kaldi_banks():
    def mel(f):
        return 1127.0 * torch.log1p(f / 700.0)

    low, high = mel(torch.tensor(20.0, dtype=torch.float64)), mel(torch.tensor(8000.0, dtype=torch.float64))
    step = (high - low) / 129
    left = low + torch.arange(128, dtype=torch.float64)[:, None] * step
    at = mel(torch.arange(256, dtype=torch.float64) * RATE / 512)[None]
    banks = torch.minimum((at - left) / step, (left + 2 * step - at) / step).clamp(min=0)
    return F.pad(banks, (0, 1)).float()


def binder_features(wave, frames=204):
    """[n, 16000] to ImageBind's [n, 1, 128, frames]: Kaldi's filterbank, padded with zeros, then normalised."""
    wave = wave - wave.mean(1, keepdim=True)
    x = wave.unfold(1, 400, HOP)  # (n, 98, 400)
    x = x - x.mean(2, keepdim=True)
    x = x - 0.97 * torch.cat([x[..., :1], x[..., :-1]], 2)
    x = x * torch.hann_window(400, periodic=False, device=wave.device)
    power = torch.fft.rfft(x, 512).abs().square()
    features = (power @ _kaldi_banks().to(wave).T).clamp(min=1.1920928955078125e-07).log().transpose(1, 2)
    return ((F.pad(features, (0, frames - features.shape[2])) + 4.268) / 9.138)[:, None]
