import Foundation

/// The plain version, in double precision.
func logSoftmax(_ row: [Float], _ token: Int32) -> Float {
    let sum = row.reduce(0) { $0 + exp(Double($1)) }
    return Float(Double(row[Int(token)]) - log(sum))
}
