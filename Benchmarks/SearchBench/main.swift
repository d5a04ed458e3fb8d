// Measures collections: how long a query takes, and how much of the exact answer it finds.
//
//   SearchBench prepare FOLDER ROWS [graph]   makes a collection of so many rows, and the exact answers
//   SearchBench measure FOLDER [graph]        asks; writes a line of the table of docs/speed.md

import SearchCollections

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

let arguments = CommandLine.arguments
guard arguments.count >= 3, ["prepare", "measure"].contains(arguments[1]) else {
    print("usage: SearchBench prepare FOLDER ROWS [graph] | SearchBench measure FOLDER [graph]")
    exit(2)
}
let hasGraph = arguments.last == "graph"
if arguments[1] == "prepare", let rows = Int(arguments[3]) {
    try await Preparation(folder: arguments[2], rows: rows, hasGraph: hasGraph).run()
} else {
    try await Measurement(folder: arguments[2], hasGraph: hasGraph).run()
}
