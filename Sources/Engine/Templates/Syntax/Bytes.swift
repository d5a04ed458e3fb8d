extension UInt8 {
    static let newline = UInt8(ascii: "\n")
    static let carriageReturn = UInt8(ascii: "\r")
    static let openBrace = UInt8(ascii: "{")
    static let closeBrace = UInt8(ascii: "}")
    static let percent = UInt8(ascii: "%")
    static let hash = UInt8(ascii: "#")
    static let minus = UInt8(ascii: "-")
    static let plus = UInt8(ascii: "+")
    static let underscore = UInt8(ascii: "_")
    static let backslash = UInt8(ascii: "\\")

    var isASCIISpace: Bool { self == 0x20 || 0x09...0x0D ~= self }
    var isDigit: Bool { UInt8(ascii: "0")...UInt8(ascii: "9") ~= self }
    var isHexDigit: Bool { isDigit || UInt8(ascii: "a")...UInt8(ascii: "f") ~= self | 0x20 }

    /// Whether the byte can be part of a name; all bytes of non-ASCII letters can.
    var isNameByte: Bool {
        isDigit || self == .underscore || UInt8(ascii: "a")...UInt8(ascii: "z") ~= self | 0x20
            || self >= 0x80
    }
}

extension Array<UInt8> {
    func at(_ index: Int) -> UInt8? { index < count ? self[index] : nil }

    func firstIndex(of pair: [UInt8], from start: Int) -> Int? {
        var index = start
        while index + 1 < count {
            if self[index] == pair[0], self[index + 1] == pair[1] { return index }
            index += 1
        }
        return nil
    }
}

extension ArraySlice<UInt8> {
    var newlines: Int { count { $0 == .newline } }
}
