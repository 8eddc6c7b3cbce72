package import Torch

/// Which frames are neighbours in each shifted attention between the modalities, laid on a device once for all of a run's
/// predictions: for every shift the frames of every window.
package struct ShiftedWindows: Sendable {
    /// One for each shifted attention, in the order in which they run: `[shifts, F·w]`.
    private let tables: [Tensor]
    private let frames: Int
    /// `F·sample` of so many samples, `[B, 1]`.
    private let offsets: Tensor

    /// - Parameter samples: of a prediction, at most.
    package init(_ unet: MultimodalUNet, samples: Int, device: Device) throws(TorchError) {
        frames = unet.configuration.frames
        let frames = frames
        var known: [Int: Tensor] = [:]
        for shifts in Set(unet.shiftRanges) {
            let window = frames - shifts + 1
            let rows = (0..<shifts).flatMap { shift in
                (0..<frames).flatMap { frame in (0..<window).map { Int64((frame + shift + $0) % frames) } }
            }
            known[shifts] = try Tensor(rows, shape: [shifts, frames * window]).uploaded(to: device)
        }
        tables = unet.shiftRanges.compactMap { known[$0] }
        offsets = try Tensor((0..<samples).map { Int64($0 * frames) }, shape: [samples, 1]).uploaded(to: device)
    }

    /// For each attention, sample, frame and place in the window the row of that frame among all samples' frames, `[B·F·w]` each.
    /// - Parameter shifts: `[B, attentions]`, int64, on the device.
    func rows(_ shifts: Tensor) throws(TorchError) -> [Tensor] {
        let batch = shifts.size(0)
        guard shifts.rank == 2, shifts.size(1) == tables.count, batch <= offsets.size(0) else {
            throw .refused(
                operation: MultimodalConfiguration.model,
                message:
                    "shifts of \(shifts.shape), where there are \(tables.count) for each of at most \(offsets.size(0)) samples"
            )
        }
        let own = try offsets.narrow(0, from: 0, count: batch)
        return try tables.enumerated().map { place, table throws(TorchError) in
            let shift = try shifts.narrow(1, from: place, count: 1).reshape([batch])
            return try (table.select(0, shift) + own).reshape([batch * table.size(1)])
        }
    }
}
