package import Method
package import Networks
package import Torch

/// MM-Diffusion's networks, loaded once for each rank.
package struct CoupledModels: Sendable {
    package let unet: MultimodalUNet
    /// Enlarges finished frames; nil where they stay as they are.
    package let upscaler: SuperResolutionUNet?
    package let settings: CoupledModelSettings
    package let device: Device
    package let dtype: DType

    /// - Parameters:
    ///   - base: `landscape.pt` or `AIST++.pt`.
    ///   - upscaler: `landscape_SR.pt` or `AIST++_SR.pt`.
    ///   - settings: what the former does not tell.
    ///   - dtype: of weights and activations; nil only checks the files: such a set is not for computing.
    /// - Throws: errors of files, configurations and keys, each with file and field.
    package init(
        base: String, upscaler: String?, _ settings: CoupledModelSettings, dtype: DType?, device: Device
    ) throws {
        unet = try MultimodalUNet(path: base, settings, dtype: dtype, device: device)
        self.upscaler = try upscaler.map { try SuperResolutionUNet(path: $0, dtype: dtype, device: device) }
        (self.settings, self.device) = (settings, device)
        self.dtype = dtype ?? .float32
        if let unit = self.upscaler?.configuration.unit,
            !(CoupledSampling.enlargement * settings.side).isMultiple(of: unit)
        {
            throw ConfigurationError(
                "SuperResModel", "size",
                found: "\(CoupledSampling.enlargement * settings.side) pixels a side when enlarged",
                expected: "a multiple of \(unit)")
        }
    }
}
