internal import ClipSampling
import Glibc

extension PlanarAudio {
    /// Its channels at another rate and of another count; as they are where both agree. ``Resampler`` says how.
    func resampled(
        to rate: Int, channels: Int, style: ResamplerStyle = .accurate, file: String
    ) throws(MediaError) -> [[Float]] {
        guard rate != sampleRate || channels != self.channels.count else { return self.channels }
        let format = Resampler.Format(rate: Int32(sampleRate), channels: Int32(self.channels.count))
        let resampler = try Resampler(format, rate: rate, channels: channels, path: file, style: style)
        var result = [[Float]](repeating: [], count: channels)
        let block = 1 << 16
        for start in stride(from: 0, to: count, by: block) {
            let end = min(start + block, count)
            let copies = self.channels.map { channel in
                let copy = UnsafeMutableBufferPointer<Float>.allocate(capacity: end - start)
                _ = copy.initialize(from: channel[start..<end])
                return copy
            }
            defer { for copy in copies { copy.deallocate() } }
            var pointers = copies.map {
                UnsafeMutableRawPointer($0.baseAddress)?.assumingMemoryBound(to: UInt8.self)
            }
            let new = try resampler.convert(&pointers, count: Int32(end - start))
            for c in new.indices { result[c] += new[c] }
        }
        let rest = try resampler.convert(nil, count: 0)
        for c in rest.indices { result[c] += rest[c] }
        return result
    }

    /// One channel at a rate, as librosa's `load` gives it: the mean of the channels, then resampled (`soxr_hq`), and as
    /// long as librosa reckons, ⌈samples · rate / own rate⌉ in double precision.
    ///
    /// Source: librosa 0.11 `core.load`, `to_mono` and `resample`.
    func asLibrosa(rate: Int, file: String) throws(MediaError) -> [Float] {
        let mono = PlanarAudio(unchecked: [mean], sampleRate: sampleRate)
        guard rate != sampleRate else { return mono.channels[0] }
        let ratio = Double(rate) / Double(sampleRate)
        let length = Int((Double(count) * ratio).rounded(.up))
        guard length <= Limits.samples else {
            throw MediaError(
                .tooLarge, file: file, doing: "resample its audio", found: "\(length) samples",
                remedy: "cut it: at most \(Limits.samples) samples are accepted")
        }
        let samples = try mono.resampled(to: rate, channels: 1, style: .librosa, file: file)[0]
        return samples.prefix(length) + [Float](repeating: 0, count: max(length - samples.count, 0))
    }

    /// The mean of the channels as numpy computes it, in its order: up to seven one after the other, more of them in eight
    /// sums that are added in pairs.
    private var mean: [Float] {
        if channels.count == 1 { return channels[0] }
        let whole = channels.count / 8 * 8
        return (0..<count).map { i in
            var sum: Float = 0
            if whole > 0 {
                var sums = (0..<8).map { channels[$0][i] }
                for c in 8..<max(whole, 8) { sums[c % 8] += channels[c][i] }
                sum = ((sums[0] + sums[1]) + (sums[2] + sums[3])) + ((sums[4] + sums[5]) + (sums[6] + sums[7]))
            }
            for c in whole..<channels.count { sum += channels[c][i] }
            return sum / Float(channels.count)
        }
    }
}
