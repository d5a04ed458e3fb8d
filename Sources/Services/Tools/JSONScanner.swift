/// Finds the end of a JSON value in a stream of bytes.
struct JSONScanner: Sendable {
    enum Step {
        case more
        /// The byte is the value's last.
        case last
        /// The value ended before the byte: a number or a word.
        case past
        /// The byte cannot belong to the value.
        case broken
    }

    /// The closing brackets that are due, innermost last.
    private var due: [UInt8] = []
    private var isInString = false
    private var isEscaped = false
    private var isInWord = false

    mutating func push(_ byte: UInt8) -> Step {
        if byte >= Marker.close { return isInWord && due.isEmpty ? .past : .broken }
        if isInString { return pushInString(byte) }
        switch byte {
        case UInt8(ascii: "\""):
            if isInWord, due.isEmpty { return .past }
            isInString = true
        case UInt8(ascii: "{"): open(UInt8(ascii: "}"))
        case UInt8(ascii: "["): open(UInt8(ascii: "]"))
        case UInt8(ascii: "}"), UInt8(ascii: "]"):
            guard let last = due.last else { return isInWord ? .past : .broken }
            guard last == byte else { return .broken }
            due.removeLast()
            isInWord = false
            return due.isEmpty ? .last : .more
        default:
            guard due.isEmpty else { break }
            let ends = byte.isSpace || byte == UInt8(ascii: ",")
            if ends { return isInWord ? .past : byte.isSpace ? .more : .broken }
            isInWord = true
        }
        return .more
    }

    private mutating func pushInString(_ byte: UInt8) -> Step {
        if isEscaped {
            isEscaped = false
        } else if byte == UInt8(ascii: "\\") {
            isEscaped = true
        } else if byte == UInt8(ascii: "\"") {
            isInString = false
            return due.isEmpty ? .last : .more
        }
        return .more
    }

    private mutating func open(_ bracket: UInt8) {
        due.append(bracket)
    }
}
