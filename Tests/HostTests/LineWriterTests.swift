import Foundation
import Host
import Testing

@Suite struct LineWriterTests {
    @Test func whoeverWritesNeverWaitsForTheReaderAndIsToldWhatWasLost() async throws {
        let pipe = Pipe()
        let writer = LineWriter(pipe.fileHandleForWriting.fileDescriptor, capacity: 10_000) {
            "\($0) dropped"
        }
        let line = String(repeating: "x", count: 99)
        // A pipe holds 64 KiB: without a reader, most of these can only be dropped.
        for _ in 0..<3000 { writer.write(line) }
        // Nobody reads: the end comes all the same.
        await writer.finish(within: .milliseconds(1))
        let text = Task.detached {
            pipe.fileHandleForReading.readDataToEndOfFile()
        }
        await writer.finish(within: .seconds(120))
        try pipe.fileHandleForWriting.close()
        let lines = String(decoding: await text.value, as: UTF8.self).split(separator: "\n")
        let written = lines.filter { $0 == line }.count
        let told = lines.compactMap { $0.split(separator: " ").first.flatMap { Int($0) } }
        #expect(written < 1000 && written + told.reduce(0, +) == 3000)
        #expect(lines.count == written + told.count)
    }
}
