/// A restricted unpickler: it builds tensors, storages and containers, runs nothing, and refuses every name that is not
/// in ``PickleGlobal``. Time and memory are linear in the length of the pickle.
///
/// Source: CPython's `pickletools` for the opcodes, `torch/serialization.py` for what `torch.save` writes.
struct PickleMachine {
    /// A state dict of ten thousand tensors needs about 2 MB.
    static let byteLimit = 64 << 20
    static let stackLimit = 1 << 20

    private(set) var lists: [[PickleValue]] = []
    private(set) var tuples: [[PickleValue]] = []
    private(set) var dicts: [[(key: PickleValue, value: PickleValue)]] = []
    private(set) var storages: [PickleStorage] = []
    private(set) var tensors: [PickleTensor] = []

    private var reader: ByteReader
    private var stack: [PickleValue] = []
    private var marks: [Int] = []
    /// A dictionary, because an index is any 32-bit number.
    private var memo: [Int: PickleValue] = [:]
    private var opcode = PickleOpcode.proto

    /// Runs the whole pickle.
    init(_ bytes: UnsafeRawBufferPointer) {
        reader = ByteReader(bytes)
    }

    /// Bytes that were read: where another pickle may begin.
    var consumed: Int { reader.offset }

    mutating func run() throws(PickleError) -> PickleValue {
        var start = 0
        do throws(PickleError.Kind) {
            guard reader.bytes.count <= Self.byteLimit else { throw .limit(of: "bytes", limit: Self.byteLimit) }
            while true {
                start = reader.offset
                guard let byte = reader.integer(UInt8.self) else { throw .noStop }
                guard let opcode = PickleOpcode(rawValue: byte) else {
                    if let name = PickleOpcode.refusedName(byte) { throw .forbiddenOpcode(name) }
                    throw .unknownOpcode(byte)
                }
                self.opcode = opcode
                if opcode == .stop { return try pop() }
                try execute()
                guard stack.count <= Self.stackLimit, marks.count <= Self.stackLimit else {
                    throw .limit(of: "values on its stack", limit: Self.stackLimit)
                }
            }
        } catch {
            throw PickleError(offset: start, kind: error)
        }
    }

    private mutating func execute() throws(PickleError.Kind) {
        switch opcode {
        case .proto:
            let version = Int(try read(UInt8.self))
            guard (2...5).contains(version) else { throw .protocolVersion(version) }
        case .frame: _ = try read(UInt64.self)
        case .mark: marks.append(stack.count)
        case .none: stack.append(.none)
        case .newTrue: stack.append(.bool(true))
        case .newFalse: stack.append(.bool(false))
        case .binInt: stack.append(.int(Int(try read(Int32.self))))
        case .binInt1: stack.append(.int(Int(try read(UInt8.self))))
        case .binInt2: stack.append(.int(Int(try read(UInt16.self))))
        case .long1: stack.append(.int(try long(Int(try read(UInt8.self)))))
        case .binFloat: stack.append(.float(Double(bitPattern: try read(UInt64.self).byteSwapped)))
        case .binUnicode: stack.append(.string(try text(UInt64(try read(UInt32.self)))))
        case .shortBinUnicode: stack.append(.string(try text(UInt64(try read(UInt8.self)))))
        case .binUnicode8: stack.append(.string(try text(try read(UInt64.self))))
        case .binBytes:
            _ = try run(UInt64(try read(UInt32.self)))
            stack.append(.bytes)
        case .shortBinBytes:
            _ = try run(UInt64(try read(UInt8.self)))
            stack.append(.bytes)
        case .binPut: memo[Int(try read(UInt8.self))] = try top()
        case .longBinPut: memo[Int(try read(UInt32.self))] = try top()
        case .memoize: memo[memo.count] = try top()
        case .binGet: try recall(Int(try read(UInt8.self)))
        case .longBinGet: try recall(Int(try read(UInt32.self)))
        case .emptyList: pushList([])
        case .emptySet:
            lists.append([])
            stack.append(.set(lists.count - 1))
        case .emptyTuple: pushTuple([])
        case .emptyDict: pushDict()
        case .tuple: pushTuple(try popMark())
        case .tuple1: pushTuple([try pop()])
        case .tuple2:
            let second = try pop()
            pushTuple([try pop(), second])
        case .tuple3:
            let third = try pop()
            let second = try pop()
            pushTuple([try pop(), second, third])
        case .append: try extendList([try pop()])
        case .appends, .addItems: try extendList(try popMark())
        case .setItem:
            let value = try pop()
            try extendDict([try pop(), value])
        case .setItems: try extendDict(try popMark())
        case .global:
            guard let module = reader.line(), let name = reader.line() else { throw .truncated(opcode: opcode.name) }
            guard let module = String(utf8: module), let name = String(utf8: name) else { throw .notUTF8 }
            try pushGlobal(module, name)
        case .stackGlobal:
            guard case .string(let name) = try pop(), case .string(let module) = try pop() else {
                throw .wrongType(opcode: opcode.name, expected: "two strings", found: "something else")
            }
            try pushGlobal(module, name)
        case .binPersistentID: try pushStorage(try pop())
        case .reduce: try reduce()
        case .build: try build()
        case .stop: break
        }
    }

    // MARK: Stack and memo

    private mutating func pop() throws(PickleError.Kind) -> PickleValue {
        // What lies below a mark belongs to another container.
        guard stack.count > marks.last ?? 0, let value = stack.popLast() else {
            throw .stackUnderflow(opcode: opcode.name)
        }
        return value
    }

    private func top() throws(PickleError.Kind) -> PickleValue {
        guard stack.count > marks.last ?? 0, let value = stack.last else {
            throw .stackUnderflow(opcode: opcode.name)
        }
        return value
    }

    private mutating func popMark() throws(PickleError.Kind) -> [PickleValue] {
        guard let mark = marks.popLast() else { throw .noMark(opcode: opcode.name) }
        let values = Array(stack[mark...])
        stack.removeSubrange(mark...)
        return values
    }

    private mutating func recall(_ index: Int) throws(PickleError.Kind) {
        guard let value = memo[index] else { throw .memoMissing(index: index) }
        stack.append(value)
    }

    // MARK: Reading

    private mutating func read<T: FixedWidthInteger>(_ type: T.Type) throws(PickleError.Kind) -> T {
        guard let value = reader.integer(type) else { throw .truncated(opcode: opcode.name) }
        return value
    }

    private mutating func run(_ count: UInt64) throws(PickleError.Kind) -> UnsafeRawBufferPointer {
        guard count <= UInt64(reader.remaining), let bytes = reader.run(Int(count)) else {
            throw .truncated(opcode: opcode.name)
        }
        return bytes
    }

    private mutating func text(_ count: UInt64) throws(PickleError.Kind) -> String {
        guard let text = String(utf8: try run(count)) else { throw .notUTF8 }
        return text
    }

    /// A little-endian integer in two's complement of 0 to 8 bytes.
    private mutating func long(_ count: Int) throws(PickleError.Kind) -> Int {
        guard count <= 8 else { throw .integerTooWide(bytes: count) }
        let bytes = try run(UInt64(count))
        guard let last = bytes.last else { return 0 }
        let sign: Int = last & 0x80 == 0 ? 0 : -1
        return bytes.reversed().reduce(sign) { $0 << 8 | Int($1) }
    }

    // MARK: Containers

    private mutating func pushList(_ values: [PickleValue]) {
        lists.append(values)
        stack.append(.list(lists.count - 1))
    }

    private mutating func pushTuple(_ values: [PickleValue]) {
        tuples.append(values)
        stack.append(.tuple(tuples.count - 1))
    }

    private mutating func pushDict() {
        dicts.append([])
        stack.append(.dict(dicts.count - 1))
    }

    private mutating func extendList(_ values: [PickleValue]) throws(PickleError.Kind) {
        switch try top() {
        case .list(let slot), .set(let slot): lists[slot].append(contentsOf: values)
        case let other: throw .wrongType(opcode: opcode.name, expected: "a list or set", found: other.kind)
        }
    }

    private mutating func extendDict(_ values: [PickleValue]) throws(PickleError.Kind) {
        guard case .dict(let slot) = try top() else {
            throw .wrongType(opcode: opcode.name, expected: "a dict", found: try top().kind)
        }
        guard values.count.isMultiple(of: 2) else {
            throw .wrongType(opcode: opcode.name, expected: "pairs of key and value", found: "a key without a value")
        }
        for index in stride(from: 0, to: values.count, by: 2) {
            dicts[slot].append((values[index], values[index + 1]))
        }
    }

    // MARK: Names, storages, calls

    private mutating func pushGlobal(_ module: String, _ name: String) throws(PickleError.Kind) {
        guard let global = PickleGlobal(module: module, name: name) else {
            throw .forbiddenGlobal(String("\(module).\(name)".prefix(200)))
        }
        stack.append(.global(global))
    }

    /// The persistent id of `torch.save`: `("storage", class, key, device, element count)`; before PyTorch 1.6 one more, which is None
    /// for a storage that is no part of another.
    private mutating func pushStorage(_ value: PickleValue) throws(PickleError.Kind) {
        guard case .tuple(let slot) = value, isStorage(tuples[slot]), case .string("storage") = tuples[slot][0],
            case .global(.storage(let dtype)) = tuples[slot][1], case .string(let key) = tuples[slot][2],
            case .string = tuples[slot][3], case .int(let count) = tuples[slot][4], count >= 0
        else {
            throw .wrongType(
                opcode: opcode.name, expected: "(\"storage\", class, key, device, count)", found: value.kind)
        }
        storages.append(PickleStorage(key: key, dtype: dtype, elementCount: count))
        stack.append(.storage(storages.count - 1))
    }

    private func isStorage(_ values: [PickleValue]) -> Bool {
        if values.count == 6, case .none = values[5] { return true }
        return values.count == 5
    }

    private mutating func reduce() throws(PickleError.Kind) {
        let arguments = try pop()
        let function = try pop()
        guard case .global(let global) = function else {
            throw .wrongType(opcode: opcode.name, expected: "a function", found: function.kind)
        }
        guard case .tuple(let slot) = arguments else {
            throw .wrongType(opcode: opcode.name, expected: "a tuple of arguments", found: arguments.kind)
        }
        let values = tuples[slot]
        switch global {
        case .orderedDict:
            guard values.isEmpty else { throw .badCall(function: "OrderedDict", reason: "only () is read") }
            pushDict()
        case .set:
            guard values.count == 1, case .list(let slot) = values[0] else {
                throw .badCall(function: "set", reason: "one list is needed")
            }
            stack.append(.set(slot))
        case .rebuildTensor: try rebuildTensor(values)
        case .rebuildParameter:
            guard values.count == 3, case .tensor = values[0] else {
                throw .badCall(function: "_rebuild_parameter", reason: "a tensor and two more are needed")
            }
            stack.append(values[0])
        case .opaque: stack.append(.opaque)
        case .storage: throw .badCall(function: "a storage class", reason: "storages come by persistent id only")
        }
    }

    /// `_rebuild_tensor_v2(storage, offset, size, stride, requires_grad, backward_hooks[, metadata])`, or the first four of them.
    private mutating func rebuildTensor(_ values: [PickleValue]) throws(PickleError.Kind) {
        guard values.count == 4 || values.count == 6 || values.count == 7, case .storage(let storage) = values[0],
            case .int(let offset) = values[1], let shape = integers(values[2]), let strides = integers(values[3])
        else { throw .badCall(function: "_rebuild_tensor_v2", reason: "storage, offset, size, stride are needed") }
        guard offset >= 0, shape.count == strides.count, shape.count <= Safetensors.dimensionLimit,
            shape.allSatisfy({ $0 >= 0 }), strides.allSatisfy({ $0 >= 0 })
        else {
            throw .badCall(
                function: "_rebuild_tensor_v2", reason: "offset \(offset), size \(shape), stride \(strides)")
        }
        tensors.append(PickleTensor(storage: storage, offset: offset, shape: shape, strides: strides))
        stack.append(.tensor(tensors.count - 1))
    }

    private func integers(_ value: PickleValue) -> [Int]? {
        guard case .tuple(let slot) = value else { return nil }
        var numbers: [Int] = []
        for element in tuples[slot] {
            guard case .int(let number) = element else { return nil }
            numbers.append(number)
        }
        return numbers
    }

    /// The attributes of a state dict (`_metadata`, version numbers of layers) say nothing about its tensors.
    private mutating func build() throws(PickleError.Kind) {
        let state = try pop()
        if case .opaque = try top() { return }
        guard case .dict = state, case .dict = try top() else {
            throw .wrongType(opcode: opcode.name, expected: "a dict and its attributes", found: state.kind)
        }
    }
}
