internal import Files

/// Reads a PyTorch archive (`.pth`, `.pt`, `.bin`, `.ckpt`): a zip file with a pickle that describes tensors and one
/// stored entry for each storage; or the older form, ``LegacyTorchFile``. Nothing that the pickle names is run.
enum TorchArchive {
    static func records(of file: MappedFile) throws(TorchArchiveError) -> [TensorRecord] {
        do throws(TorchArchiveError.Kind) {
            return try file.withBytes { bytes throws(TorchArchiveError.Kind) in try parse(bytes) }.map {
                TensorRecord(
                    name: $0.name, dtype: $0.dtype, shape: $0.shape, strides: $0.strides, byteRange: $0.byteRange,
                    file: file)
            }
        } catch {
            throw TorchArchiveError(path: file.path, kind: error)
        }
    }

    struct Entry {
        var name: String
        var dtype: ScalarType
        var shape: [Int]
        var strides: [Int]?
        var byteRange: Range<Int>
    }

    static func parse(_ bytes: UnsafeRawBufferPointer) throws(TorchArchiveError.Kind) -> [Entry] {
        if bytes.starts(with: LegacyTorchFile.start) { return try LegacyTorchFile.parse(bytes) }
        let archive: ZipArchive
        do throws(ZipError) {
            archive = try ZipArchive(bytes)
        } catch .compressed(let name, _) where isCode(name) {
            // The program in such an archive is compressed, the tensors are not.
            throw .torchScript
        } catch {
            throw .zip(error)
        }
        guard !archive.entries.contains(where: { isCode($0.name) }) else { throw .torchScript }
        let files = Dictionary(uniqueKeysWithValues: archive.entries.map { ($0.name, $0) })
        // Every name begins with a folder that torch.save derives from the file's name.
        let pickles = archive.entries.filter {
            $0.name.hasSuffix("/data.pkl") && $0.name.count(where: { $0 == "/" }) == 1
        }
        guard pickles.count == 1, let pickle = pickles.first else { throw .noPickle(found: pickles.count) }
        let folder = pickle.name.dropLast("data.pkl".count)
        if let order = files["\(folder)byteorder"] {
            let word = String(decoding: bytes[order.range].prefix(16), as: UTF8.self)
            guard word == "little" else { throw .byteOrder(found: word) }
        }
        let pickleBytes = UnsafeRawBufferPointer(rebasing: bytes[pickle.range])
        guard pickleBytes.count <= PickleMachine.byteLimit else {
            throw .pickle(.init(offset: 0, kind: .limit(of: "bytes", limit: PickleMachine.byteLimit)))
        }
        guard CRC32.of(pickleBytes) == pickle.crc32 else { throw .pickleDamaged }
        var machine = PickleMachine(pickleBytes)
        let root: PickleValue
        do throws(PickleError) {
            root = try machine.run()
        } catch {
            throw .pickle(error)
        }
        return try entries(root, machine) { files["\(folder)data/\($0)"]?.range }
    }

    /// Whether an entry is of a program, as `torch.jit.save` stores one beside the tensors.
    private static func isCode(_ name: String) -> Bool {
        let parts = name.split(separator: "/", omittingEmptySubsequences: false).dropFirst()
        return parts.first == "code" || ["constants.pkl", "bytecode.pkl"].contains(parts.joined(separator: "/"))
    }

    /// The tensors of the state dict.
    static func entries(
        _ root: PickleValue, _ machine: PickleMachine, storageRange: (String) -> Range<Int>?
    ) throws(TorchArchiveError.Kind) -> [Entry] {
        guard case .dict(let outer) = root else { throw .rootNotDict(found: root.kind) }
        let slot = try stateDict(in: outer, machine)
        var entries: [Entry] = []
        var names: Set<String> = []
        for (key, value) in machine.dicts[slot] {
            guard case .tensor(let tensor) = value else { continue }
            guard case .string(let name) = key else { throw .keyNotString(found: key.kind) }
            guard names.insert(name).inserted else { throw .duplicateName(name) }
            entries.append(try entry(name, machine.tensors[tensor], machine, storageRange))
        }
        guard !entries.isEmpty else {
            let keys = machine.dicts[slot].prefix(8).compactMap {
                if case .string(let name) = $0.key { name } else { nil }
            }
            throw .noTensors(keys: keys)
        }
        return entries
    }

    /// The dict with the tensors: the outer one, or the only one in it that has some. Programs that train put it beside the
    /// number of steps, the optimizer's state and settings; Lightning, and most others, call it `state_dict`.
    private static func stateDict(in outer: Int, _ machine: PickleMachine) throws(TorchArchiveError.Kind) -> Int {
        var slot = outer
        // A wrapper in a wrapper, and no more: a pickle may contain itself.
        for _ in 0..<3 {
            guard !hasTensors(slot, machine) else { return slot }
            var found: [(key: String, slot: Int)] = []
            for (key, value) in machine.dicts[slot] {
                if case .string(let key) = key, case .dict(let inner) = value, holdsWeights(inner, machine) {
                    found.append((key, inner))
                }
            }
            if let named = found.first(where: { $0.key == "state_dict" }) {
                slot = named.slot
            } else if found.count > 1 {
                throw .severalStateDicts(keys: found.map(\.key).sorted())
            } else if let only = found.first {
                slot = only.slot
            } else {
                return slot
            }
        }
        return slot
    }

    private static func hasTensors(_ slot: Int, _ machine: PickleMachine) -> Bool {
        machine.dicts[slot].contains {
            if case .string = $0.key, case .tensor = $0.value { true } else { false }
        }
    }

    /// Whether a dict has tensors, or a dict under `state_dict` that has some.
    private static func holdsWeights(_ slot: Int, _ machine: PickleMachine) -> Bool {
        hasTensors(slot, machine)
            || machine.dicts[slot].contains {
                if case .string("state_dict") = $0.key, case .dict(let inner) = $0.value {
                    hasTensors(inner, machine)
                } else {
                    false
                }
            }
    }

    private static func entry(
        _ name: String, _ tensor: PickleTensor, _ machine: PickleMachine, _ storageRange: (String) -> Range<Int>?
    ) throws(TorchArchiveError.Kind) -> Entry {
        let storage = machine.storages[tensor.storage]
        let size = storage.dtype.byteCount
        guard let range = storageRange(storage.key) else { throw .storageMissing(key: name, storage: storage.key) }
        guard storage.elementCount <= range.count / size, storage.elementCount * size == range.count else {
            throw .storageLength(
                key: name, storage: storage.key, found: range.count, elements: storage.elementCount,
                dtype: storage.dtype)
        }
        // The extent is the number of elements from the first to the last, both counted.
        guard let byteCount = TensorRecord.byteCount(shape: tensor.shape, dtype: storage.dtype),
            let extent = extent(tensor), extent <= storage.elementCount,
            tensor.offset <= storage.elementCount - extent
        else {
            throw .tensorOutside(
                key: name, storage: storage.key, elements: storage.elementCount, offset: tensor.offset,
                shape: tensor.shape, strides: tensor.strides)
        }
        let start = range.lowerBound + tensor.offset * size
        if isContiguous(tensor) {
            return Entry(
                name: name, dtype: storage.dtype, shape: tensor.shape, strides: nil,
                byteRange: start..<start + byteCount)
        }
        return Entry(
            name: name, dtype: storage.dtype, shape: tensor.shape, strides: tensor.strides,
            byteRange: start..<start + extent * size)
    }

    private static func extent(_ tensor: PickleTensor) -> Int? {
        if tensor.shape.contains(0) { return 0 }
        var last = 0
        for (size, stride) in zip(tensor.shape, tensor.strides) {
            let (reach, overflow) = (size - 1).multipliedReportingOverflow(by: stride)
            let (sum, carry) = last.addingReportingOverflow(reach)
            guard !overflow, !carry else { return nil }
            last = sum
        }
        return last == .max ? nil : last + 1
    }

    private static func isContiguous(_ tensor: PickleTensor) -> Bool {
        if tensor.shape.contains(0) { return true }
        var expected = 1
        for (size, stride) in zip(tensor.shape, tensor.strides).reversed() where size != 1 {
            guard stride == expected else { return false }
            expected *= size
        }
        return true
    }
}

/// Why a PyTorch archive cannot be read.
package struct TorchArchiveError: Error, Equatable, CustomStringConvertible {
    package let path: String
    package let kind: Kind

    /// What is wrong.
    package enum Kind: Error, Equatable {
        case zip(ZipError)
        case noPickle(found: Int)
        case torchScript
        case severalStateDicts(keys: [String])
        case pickleDamaged
        case legacy(String)
        case pickle(PickleError)
        case byteOrder(found: String)
        case rootNotDict(found: String)
        case keyNotString(found: String)
        case duplicateName(String)
        case noTensors(keys: [String])
        case storageMissing(key: String, storage: String)
        case storageLength(key: String, storage: String, found: Int, elements: Int, dtype: ScalarType)
        case tensorOutside(key: String, storage: String, elements: Int, offset: Int, shape: [Int], strides: [Int])
    }

    package var description: String { "\(path): \(sentence)." }

    private var sentence: String {
        switch kind {
        case .zip(let error): error.description
        case .noPickle(let found):
            "a PyTorch archive has one entry NAME/data.pkl, and here are \(found); this is another kind of zip file"
        case .torchScript:
            "this is a TorchScript archive, a program with its weights, as torch.jit.save writes it, and only weights are read; "
                + "save them alone: python3 -c 'import sys, torch; torch.save(torch.jit.load(sys.argv[1], \"cpu\")"
                + ".state_dict(), sys.argv[2])' OLD NEW"
        case .severalStateDicts(let keys):
            "the file holds several sets of weights, \(keys.joined(separator: ", ")), and does not say which is meant; save it alone: "
                + "python3 -c 'import sys, torch; torch.save(torch.load(sys.argv[1], \"cpu\", weights_only=True)"
                + "[sys.argv[3]], sys.argv[2])' OLD NEW \(keys.last ?? "KEY")"
        case .pickleDamaged: "the checksum of data.pkl does not match; the file is damaged, so fetch it again"
        case .legacy(let reason): "this was saved by PyTorch before 1.6 and is damaged: \(reason); fetch it again"
        case .pickle(let error): error.description
        case .byteOrder(let found): "the tensors are stored in byte order \"\(found)\", and only little is read"
        case .rootNotDict(let found): "the file holds \(found), and a state dict is needed"
        case .keyNotString(let found): "a tensor has \(found) for a name"
        case .duplicateName(let name): "the state dict names \"\(name)\" twice"
        case .noTensors(let keys):
            "there is no tensor in the state dict; its first keys are \(keys.isEmpty ? "not strings" : keys.joined(separator: ", "))"
        case .storageMissing(let key, let storage):
            "\"\(key)\" lies in the storage data/\(storage), which the archive does not have"
        case .storageLength(let key, let storage, let found, let elements, let dtype):
            "the storage data/\(storage) of \"\(key)\" has \(found) bytes, but \(elements) elements of \(dtype.rawValue) are expected"
        case .tensorOutside(let key, let storage, let elements, let offset, let shape, let strides):
            "\"\(key)\" of shape \(shape), strides \(strides) and offset \(offset) does not fit the \(elements) elements of data/\(storage)"
        }
    }
}
