import JSON

/// Checks the tar bytes of one sample as they come: headers, `.npy` headers and `.json` members.
struct SampleCheck {
    /// The longest `.json` member that is looked into, in bytes.
    private static let maximumJSON = 16 << 20

    private var scanner = SampleBlockScanner()
    private var failure: TarError?
    /// What is wrong with members: the kind and the sentence.
    private var problems: [(kind: Finding.Kind, text: String)] = []
    private var name = ""
    private var size = 0
    /// Of the present member what is looked into: the beginning of an array, all of a text.
    private var kept: [UInt8] = []

    /// Takes the next bytes.
    mutating func take(_ piece: [UInt8]) {
        guard failure == nil else { return }
        var input = piece[...]
        do throws(TarError) {
            while let event = try scanner.next(&input) {
                switch event {
                case .member(let name, let size): (self.name, self.size, kept) = (name, size, [])
                case .data(let bytes): kept += bytes.prefix(wanted - kept.count)
                case .memberEnd: look()
                }
            }
        } catch {
            failure = error
        }
    }

    /// What was found, after the last byte.
    /// - Parameter frame: what the record says of the sample.
    mutating func finish(_ frame: FrameRecord) -> [(kind: Finding.Kind, text: String)] {
        do throws(TarError) {
            if let failure { throw failure }
            try scanner.end()
        } catch {
            return [(.tar, "sample \(quoted(frame.key)): \(error)")]
        }
        let expected = frame.members.mapValues { MemberExtent(offset: $0.offset - frame.uoff, size: $0.size) }
        guard scanner.key == frame.key, scanner.extents == expected else {
            return [(.tar, "sample \(quoted(frame.key)) is not laid out as its record says")]
        }
        return problems
    }

    private var wanted: Int {
        if name.hasSuffix("npy") { return min(size, NPYArray.longestStart) }
        return name.hasSuffix("json") && size <= Self.maximumJSON ? size : 0
    }

    private mutating func look() {
        let member = "\(scanner.key ?? "").\(name)"
        if name.hasSuffix("npy") {
            do throws(NPYError) {
                try NPYArray.Layout(start: kept, size: size).checkForShards()
            } catch {
                problems.append((.npy, "\(member): \(error)"))
            }
        } else if name.hasSuffix("json") {
            do throws(JSONError) {
                guard size <= Self.maximumJSON else {
                    throw JSONError(offset: 0, kind: .tooLong(found: size, limit: Self.maximumJSON))
                }
                try JSONReader.check(kept)
            } catch {
                problems.append((.json, "\(member) is \(error)"))
            }
        }
        kept = []
    }
}
