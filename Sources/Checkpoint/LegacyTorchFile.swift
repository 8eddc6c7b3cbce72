/// Reads what `torch.save` wrote before PyTorch 1.6: pickles one after the other, then the elements of each storage. Nothing
/// that they name is run.
///
/// Source: `torch/serialization.py`, `_legacy_save`.
enum LegacyTorchFile {
    /// The first two pickles whole, which are the same in every such file: a magic number and the format's version, 1001.
    static let start: [UInt8] = [
        0x80, 0x02, 0x8A, 0x0A, 0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19, 0x2E,  // the number
        0x80, 0x02, 0x4D, 0xE9, 0x03, 0x2E,  // the version
    ]

    static func parse(_ bytes: UnsafeRawBufferPointer) throws(TorchArchiveError.Kind) -> [TorchArchive.Entry] {
        guard bytes.starts(with: start) else { throw .legacy("it does not begin as one") }
        var offset = start.count
        let (system, systemMachine) = try pickle(bytes, &offset)
        guard case .dict(let slot) = system else { throw .legacy("it does not say how numbers are stored") }
        let order = systemMachine.dicts[slot].first { pair in
            if case .string("little_endian") = pair.key { true } else { false }
        }
        guard case .bool(true)? = order?.value else { throw .byteOrder(found: "big") }
        let (root, machine) = try pickle(bytes, &offset)
        let (list, listMachine) = try pickle(bytes, &offset)
        guard case .list(let keys) = list else { throw .legacy("the list of its storages is missing") }
        let ranges = try storages(listMachine.lists[keys], machine, bytes, from: offset)
        return try TorchArchive.entries(root, machine) { ranges[$0] }
    }

    /// Runs the pickle that begins at an offset, and moves behind it.
    private static func pickle(
        _ bytes: UnsafeRawBufferPointer, _ offset: inout Int
    ) throws(TorchArchiveError.Kind) -> (PickleValue, PickleMachine) {
        let rest = UnsafeRawBufferPointer(rebasing: bytes[offset...].prefix(PickleMachine.byteLimit))
        var machine = PickleMachine(rest)
        do throws(PickleError) {
            let value = try machine.run()
            offset += machine.consumed
            return (value, machine)
        } catch {
            throw .pickle(error)
        }
    }

    /// Where the elements of each storage lie: a count of 64 bits before each, in the order of the keys.
    private static func storages(
        _ keys: [PickleValue], _ machine: PickleMachine, _ bytes: UnsafeRawBufferPointer, from start: Int
    ) throws(TorchArchiveError.Kind) -> [String: Range<Int>] {
        let known = Dictionary(machine.storages.map { ($0.key, $0) }, uniquingKeysWith: { first, _ in first })
        var ranges: [String: Range<Int>] = [:]
        var offset = start
        for value in keys {
            guard case .string(let key) = value, let storage = known[key] else {
                throw .legacy("it lists a storage that no tensor lies in")
            }
            let countSize = MemoryLayout<Int64>.size
            guard offset <= bytes.count - countSize else { throw .legacy("it ends before storage \(key)") }
            let count = Int64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: Int64.self))
            offset += countSize
            let size = storage.dtype.byteCount
            guard count == storage.elementCount else {
                throw .legacy("storage \(key) has \(count) elements, and its tensors say \(storage.elementCount)")
            }
            guard storage.elementCount <= (bytes.count - offset) / size else {
                throw .legacy("it ends within storage \(key)")
            }
            guard ranges.updateValue(offset..<offset + storage.elementCount * size, forKey: key) == nil else {
                throw .legacy("it lists storage \(key) twice")
            }
            offset += storage.elementCount * size
        }
        guard offset == bytes.count else { throw .legacy("\(bytes.count - offset) bytes follow its last storage") }
        return ranges
    }
}
