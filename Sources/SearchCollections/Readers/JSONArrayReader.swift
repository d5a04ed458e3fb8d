/// The elements of a JSON array, each a row; or one object, or several one after the other.
///
/// Only brackets are tracked here, so that an element that is not JSON is refused alone. A document
/// whose brackets do not close is refused whole: nobody knows how much is missing.
struct JSONArrayReader: RowReader {
    private enum Place: Sendable {
        case beforeArray
        case between
        case inElement
        case afterArray
    }

    private let limits: ReadLimits
    private var json: JSONRows
    private var place = Place.beforeArray
    private var isArray = false
    private var element: [UInt8] = []
    private var isTooLong = false
    private var depth = 0
    private var inString = false
    private var escaped = false
    private var line = 1
    private var elementLine = 1

    init(limits: ReadLimits) {
        self.limits = limits
        json = JSONRows(limits: limits)
    }

    mutating func read(_ bytes: [UInt8], into rows: inout ReadRows) throws {
        for byte in bytes {
            try take(byte, into: &rows)
            if byte == UInt8(ascii: "\n") { line += 1 }
        }
    }

    mutating func finish(into rows: inout ReadRows) throws {
        if place == .inElement, depth == 0, !inString { endElement(into: &rows) }
        switch place {
        case .inElement: throw CollectionError.cutShort(line: line, within: "a row")
        case .between where isArray:
            throw CollectionError.cutShort(line: line, within: "the JSON array")
        case .beforeArray, .between, .afterArray: break
        }
    }

    private mutating func take(_ byte: UInt8, into rows: inout ReadRows) throws {
        switch place {
        case .beforeArray:
            if Self.isSpace(byte) { return }
            isArray = byte == UInt8(ascii: "[")
            guard isArray || byte == UInt8(ascii: "{") else { throw CollectionError.notRows }
            place = .between
            if !isArray { begin(byte) }
        case .between:
            if Self.isSpace(byte) || byte == UInt8(ascii: ",") { return }
            if byte == UInt8(ascii: "]"), isArray {
                place = .afterArray
            } else {
                begin(byte)
            }
        case .inElement:
            follow(byte, into: &rows)
        case .afterArray:
            if !Self.isSpace(byte) { throw CollectionError.textAfterArray(line: line) }
        }
    }

    private mutating func begin(_ byte: UInt8) {
        place = .inElement
        element.removeAll(keepingCapacity: true)
        (depth, inString, escaped, isTooLong, elementLine) = (0, false, false, false, line)
        keep(byte)
        open(byte)
    }

    private mutating func open(_ byte: UInt8) {
        switch byte {
        case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
        case UInt8(ascii: "}"), UInt8(ascii: "]"): depth -= 1
        case UInt8(ascii: "\""): inString = true
        default: break
        }
    }

    private mutating func follow(_ byte: UInt8, into rows: inout ReadRows) {
        if inString {
            keep(byte)
            inString = escaped || byte != UInt8(ascii: "\"")
            escaped = !escaped && byte == UInt8(ascii: "\\")
            if !inString, depth == 0 { endElement(into: &rows) }
            return
        }
        if depth == 0, byte == UInt8(ascii: ",") || byte == UInt8(ascii: "]") || Self.isSpace(byte)
        {
            endElement(into: &rows)
            if byte == UInt8(ascii: "]"), isArray { place = .afterArray }
            return
        }
        keep(byte)
        open(byte)
        if depth <= 0, !inString, byte == UInt8(ascii: "}") || byte == UInt8(ascii: "]") {
            endElement(into: &rows)
        }
    }

    private mutating func keep(_ byte: UInt8) {
        if element.count < limits.row { element.append(byte) } else { isTooLong = true }
    }

    private mutating func endElement(into rows: inout ReadRows) {
        place = .between
        depth = 0
        if isTooLong {
            rows.refuse(elementLine, "the row is longer than \(limits.row) bytes")
        } else {
            json.add(element, line: elementLine, to: &rows)
        }
    }

    private static func isSpace(_ byte: UInt8) -> Bool {
        byte == 0x20 || (0x09...0x0D).contains(byte)
    }
}
