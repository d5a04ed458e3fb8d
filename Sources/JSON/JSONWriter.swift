/// Writes JSON piece by piece, so that types other than `JSONValue` can be written in the same
/// style.
package struct JSONWriter {
    package let style: JSONStyle
    package private(set) var text = ""
    private var level = 0

    package init(style: JSONStyle) { self.style = style }

    package mutating func write(_ value: JSONValue) {
        switch value {
        case .null: write(raw: "null")
        case .bool(let value): write(raw: value ? "true" : "false")
        case .integer(let value): write(raw: value.description)
        case .number(let value): write(number: value)
        case .string(let value): write(string: value)
        case .array(let elements):
            writeList("[", elements, "]") { writer, element in writer.write(element) }
        case .object(let object): write(members: object.members)
        }
    }

    private mutating func write(members: [(key: String, value: JSONValue)]) {
        var members = members
        if style.sortsKeys {
            members.sort { $0.key.unicodeScalars.lexicographicallyPrecedes($1.key.unicodeScalars) }
        }
        writeList("{", members, "}") { writer, member in
            writer.write(key: member.key)
            writer.write(member.value)
        }
    }

    package mutating func write(raw: String) { text += raw }

    package mutating func write(key: String) {
        write(string: key)
        text += style.keySeparator
    }

    /// Brackets, separators and indentation around what `write` writes of each element.
    package mutating func writeList<Element, Failure: Error>(
        _ open: String, _ elements: [Element], _ close: String,
        write: (inout JSONWriter, Element) throws(Failure) -> Void
    ) throws(Failure) {
        text += open
        level += 1
        for (index, element) in elements.enumerated() {
            if index > 0 { text += style.itemSeparator }
            breakLine()
            try write(&self, element)
        }
        level -= 1
        if !elements.isEmpty { breakLine() }
        text += close
    }

    private mutating func breakLine() {
        guard let indent = style.indent else { return }
        text += "\n"
        for _ in 0..<level { text += indent }
    }

    package mutating func write(number: Double) {
        if number.isNaN {
            text += "NaN"
        } else if number.isInfinite {
            text += number < 0 ? "-Infinity" : "Infinity"
        } else {
            text += number.pythonDescription
        }
    }

    package mutating func write(string: String) {
        text += "\""
        JSONEscapes.write(string) { piece in
            let piece = String(decoding: piece, as: UTF8.self)
            if style.escapesUnicode { write(ascii: piece) } else { text += piece }
        }
        text += "\""
    }

    private mutating func write(ascii piece: String) {
        for scalar in piece.unicodeScalars {
            if scalar < "\u{7F}" {
                text.unicodeScalars.append(scalar)
            } else {
                writeEscaped(scalar)
            }
        }
    }

    private mutating func writeEscaped(_ scalar: Unicode.Scalar) {
        for unit in UTF16.encode(scalar)! {
            let digits = String(unit, radix: 16)
            text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
        }
    }
}
