import TensorRuntime

/// Turns a tensor of a file, given by its Hugging Face name, into what the network reads.
typealias TensorLayout =
    @Sendable (DecoderConfiguration, _ name: String, Tensor) throws -> Tensor

/// The layouts that files of several families have.
enum TensorLayouts {
    static let asItIs: TensorLayout = { $2 }

    /// In each head of queries and keys these files have the rows of a rotary pair next to each other,
    /// the network half of the rotated rows apart.
    static let pairedRows: TensorLayout = { c, name, tensor in
        if name.contains("q_proj.") {
            return try tensor.selectingRows(halves(c, heads: c.numAttentionHeads))
        }
        if name.contains("k_proj.") {
            return try tensor.selectingRows(halves(c, heads: c.keyValueHeads))
        }
        return tensor
    }

    /// For each row of the network's order, the row of the file.
    private static func halves(_ c: DecoderConfiguration, heads: Int) -> [Int] {
        (0..<heads * c.headSize).map { row in
            let (head, place) = row.quotientAndRemainder(dividingBy: c.headSize)
            guard place < c.rotarySize else { return row }
            let (half, pair) = place.quotientAndRemainder(dividingBy: c.rotarySize / 2)
            return head * c.headSize + 2 * pair + half
        }
    }

    /// Queries, keys and values of one map: these files have the rows of one head of keys after those
    /// of its queries, and then those of its values, group by group.
    static let groupedRows: TensorLayout = { c, name, tensor in
        guard name.contains("qkv_proj.") else { return tensor }
        let (groups, size) = (c.keyValueHeads, c.headSize)
        let each = c.numAttentionHeads / groups
        let rows = { (group: Int, heads: Range<Int>) in
            (group * (each + 2) + heads.lowerBound) * size..<(group * (each + 2) + heads.upperBound)
                * size
        }
        let order = [0..<each, each..<each + 1, each + 1..<each + 2].flatMap { heads in
            (0..<groups).flatMap { rows($0, heads) }
        }
        return try tensor.selectingRows(order)
    }
}
