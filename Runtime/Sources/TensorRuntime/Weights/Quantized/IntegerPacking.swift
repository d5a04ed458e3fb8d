/// How the numbers of a matrix [rows, columns] lie in the 32-bit words of a tensor, from the lowest
/// bits on.
enum IntegerPacking {
    /// A word has so many columns of one row.
    case across(bits: Int)
    /// A word has so many rows of one column.
    case down(bits: Int)
    /// As `across` of four bits, with the columns in the order 0, 2, 4, 6, 1, 3, 5, 7.
    case interleaved
    /// Bytes with a sign, one for each number.
    case signedBytes

    var bits: Int {
        switch self {
        case .across(let bits), .down(let bits): bits
        case .interleaved: 4
        case .signedBytes: 8
        }
    }

    /// What stands for zero where nothing else is said.
    var middle: Int { 1 << (bits - 1) }

    /// One number, without a sign.
    ///
    /// - Parameter shape: [rows, columns]
    @inline(__always)
    func number(
        _ bytes: UnsafeRawBufferPointer, _ row: Int, _ column: Int, of shape: (Int, Int)
    ) -> UInt8 {
        switch self {
        case .across(let bits):
            let perWord = 32 / bits
            let word = row * ((shape.1 + perWord - 1) / perWord) + column / perWord
            return Self.part(bytes, word, column % perWord, bits)
        case .down(let bits):
            let perWord = 32 / bits
            return Self.part(bytes, row / perWord * shape.1 + column, row % perWord, bits)
        case .interleaved:
            let place = column % 8 / 2 + column % 2 * 4
            return Self.part(bytes, row * (shape.1 / 8) + column / 8, place, 4)
        case .signedBytes: return bytes[row * shape.1 + column] ^ 0x80
        }
    }

    /// Four or eight bits of a little-endian word.
    @inline(__always)
    private static func part(
        _ bytes: UnsafeRawBufferPointer, _ word: Int, _ place: Int, _ bits: Int
    ) -> UInt8 {
        bits == 8 ? bytes[word * 4 + place] : bytes[word * 4 + place / 2] >> (place % 2 * 4) & 15
    }
}
