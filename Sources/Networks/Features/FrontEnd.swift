package import Method

/// What lies between a file and a network: features of unlike front ends say nothing of each other.
package struct FrontEnd: Sendable, Hashable {
    package let network: FeatureNetworkName
    /// How sound is prepared; nil for a network that hears none.
    package let style: WaveStyle?
    /// How frames are prepared; nil for a network that sees none.
    package let framing: I3DFraming?
    /// Samples per second that the network hears.
    package let rate: Int?

    /// Fields and values in a fixed order, as results keep them.
    package var fields: [(name: String, value: String)] {
        var fields = [(name: "network", value: network.rawValue), (name: "front_end", value: "\(Feature.version)")]
        if let style { fields.append(("style", style.description)) }
        if let rate {
            fields.append(("resampler", SincResampler.name))
            fields.append(("rate", "\(rate)"))
        }
        if let framing { fields.append(("framing", framing.rawValue)) }
        return fields
    }

    /// The same in one line. Equal for equal front ends alone.
    package var identity: String { fields.map { "\($0.name)=\($0.value)" }.joined(separator: ";") }
}
