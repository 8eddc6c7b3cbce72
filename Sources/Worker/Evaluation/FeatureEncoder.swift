internal import JSON
internal import Method
internal import Networks
internal import Planning
internal import Shard

/// Turns what was taken of a sample into the members of a shard.
enum FeatureEncoder {
    /// - Throws: errors of encoding.
    static func encode(
        _ sample: EvaluatedSample, _ input: FeatureInput, _ taken: FeatureNetworks.Rows
    ) throws -> Sample {
        var members = ["json": try JSONCoding.encode(input.record)]
        for (feature, (rows, width)) in taken {
            let count = rows.features.count / width
            members["\(feature.member).npy"] = try array(rows.features, count == 1 ? [width] : [count, width])
            if let logits = rows.logits {
                members["\(feature.member).logits.npy"] = try array(logits, [logits.count])
            }
        }
        if let times = input.times { members["\(Feature.peaks.member).json"] = try JSONCoding.encode(times) }
        return Sample(key: sample.key, members: members)
    }

    private static func array(_ values: [Float], _ shape: [Int]) throws(NPYError) -> [UInt8] {
        let data = values.flatMap { value in
            let bits = value.bitPattern
            return [
                UInt8(truncatingIfNeeded: bits), UInt8(truncatingIfNeeded: bits >> 8),
                UInt8(truncatingIfNeeded: bits >> 16), UInt8(truncatingIfNeeded: bits >> 24),
            ]
        }
        return try NPYArray(dtype: .float32, shape: shape, data: data).bytes
    }
}
