/// The opcodes of pickle that the machine executes.
enum PickleOpcode: UInt8 {
    case mark = 0x28
    case stop = 0x2E
    case binFloat = 0x47
    case binInt = 0x4A
    case binInt1 = 0x4B
    case binInt2 = 0x4D
    case none = 0x4E
    case binPersistentID = 0x51
    case reduce = 0x52
    case binUnicode = 0x58
    case emptyList = 0x5D
    case append = 0x61
    case build = 0x62
    case global = 0x63
    case appends = 0x65
    case binGet = 0x68
    case longBinGet = 0x6A
    case binPut = 0x71
    case longBinPut = 0x72
    case setItem = 0x73
    case tuple = 0x74
    case setItems = 0x75
    case emptyTuple = 0x29
    case emptyDict = 0x7D
    case proto = 0x80
    case tuple1 = 0x85
    case tuple2 = 0x86
    case tuple3 = 0x87
    case newTrue = 0x88
    case newFalse = 0x89
    case long1 = 0x8A
    case binBytes = 0x42
    case shortBinBytes = 0x43
    case shortBinUnicode = 0x8C
    case binUnicode8 = 0x8D
    case emptySet = 0x8F
    case addItems = 0x90
    case stackGlobal = 0x93
    case memoize = 0x94
    case frame = 0x95

    /// The name as `pickletools` prints it.
    var name: String {
        switch self {
        case .mark: "MARK"
        case .stop: "STOP"
        case .binFloat: "BINFLOAT"
        case .binInt: "BININT"
        case .binInt1: "BININT1"
        case .binInt2: "BININT2"
        case .none: "NONE"
        case .binPersistentID: "BINPERSID"
        case .reduce: "REDUCE"
        case .binUnicode: "BINUNICODE"
        case .emptyList: "EMPTY_LIST"
        case .append: "APPEND"
        case .build: "BUILD"
        case .global: "GLOBAL"
        case .appends: "APPENDS"
        case .binGet: "BINGET"
        case .longBinGet: "LONG_BINGET"
        case .binPut: "BINPUT"
        case .longBinPut: "LONG_BINPUT"
        case .setItem: "SETITEM"
        case .tuple: "TUPLE"
        case .setItems: "SETITEMS"
        case .emptyTuple: "EMPTY_TUPLE"
        case .emptyDict: "EMPTY_DICT"
        case .proto: "PROTO"
        case .tuple1: "TUPLE1"
        case .tuple2: "TUPLE2"
        case .tuple3: "TUPLE3"
        case .newTrue: "NEWTRUE"
        case .newFalse: "NEWFALSE"
        case .long1: "LONG1"
        case .binBytes: "BINBYTES"
        case .shortBinBytes: "SHORT_BINBYTES"
        case .shortBinUnicode: "SHORT_BINUNICODE"
        case .binUnicode8: "BINUNICODE8"
        case .emptySet: "EMPTY_SET"
        case .addItems: "ADDITEMS"
        case .stackGlobal: "STACK_GLOBAL"
        case .memoize: "MEMOIZE"
        case .frame: "FRAME"
        }
    }

    /// Opcodes of the language that are never executed, so that a refusal can name them.
    static func refusedName(_ byte: UInt8) -> String? {
        switch byte {
        case 0x30: "POP"
        case 0x31: "POP_MARK"
        case 0x32: "DUP"
        case 0x46: "FLOAT"
        case 0x49: "INT"
        case 0x4C: "LONG"
        case 0x50: "PERSID"
        case 0x53: "STRING"
        case 0x54: "BINSTRING"
        case 0x55: "SHORT_BINSTRING"
        case 0x56: "UNICODE"
        case 0x64: "DICT"
        case 0x67: "GET"
        case 0x69: "INST"
        case 0x6C: "LIST"
        case 0x6F: "OBJ"
        case 0x70: "PUT"
        case 0x81: "NEWOBJ"
        case 0x82: "EXT1"
        case 0x83: "EXT2"
        case 0x84: "EXT4"
        case 0x8B: "LONG4"
        case 0x8E: "BINBYTES8"
        case 0x91: "FROZENSET"
        case 0x92: "NEWOBJ_EX"
        case 0x96: "BYTEARRAY8"
        case 0x97: "NEXT_BUFFER"
        case 0x98: "READONLY_BUFFER"
        default: nil
        }
    }
}
