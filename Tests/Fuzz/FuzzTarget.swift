import Foundation

/// A format that comes from outside, and what is done to every input of it.
///
/// A target returns whatever the input is: an error that is thrown is a right answer, a trap, a
/// sanitizer's report, a time-out or an expectation that does not hold is a finding.
enum FuzzTarget: String, CaseIterable {
    case gguf, safetensors, tokenizer, template, json, csv, frame, elf, png

    func run(_ bytes: [UInt8]) {
        do {
            switch self {
            case .gguf: try Models.openGGUF(bytes)
            case .safetensors: try Models.openSafetensors(bytes)
            case .tokenizer: try Models.openTokenizer(bytes)
            case .template: try Texts.render(bytes)
            case .json: try Texts.readJSON(bytes)
            case .csv: try Texts.readRows(bytes)
            case .frame: try Binaries.readFrame(bytes)
            case .elf: try Binaries.inspectLibrary(bytes)
            case .png: try Binaries.readImage(bytes)
            }
        } catch {
            // A refusal has words, which are made here as whoever reads them would.
            precondition(!"\(error)".isEmpty)
        }
    }

    /// The target that the environment names.
    static let chosen: FuzzTarget = {
        let name = ProcessInfo.processInfo.environment["ROOST_FUZZ_TARGET"] ?? ""
        guard let target = FuzzTarget(rawValue: name) else {
            let names = allCases.map(\.rawValue).joined(separator: ", ")
            fatalError("ROOST_FUZZ_TARGET is '\(name)', expected one of \(names)")
        }
        return target
    }()
}

/// libFuzzer's loop over inputs, whose own `main` a package's program cannot have.
@_silgen_name("LLVMFuzzerRunDriver")
private func runDriver(
    _ count: UnsafeMutablePointer<CInt>,
    _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>>,
    _ run: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt
) -> CInt

@main
enum Fuzz {
    static func main() {
        var count = CommandLine.argc
        var arguments = CommandLine.unsafeArgv
        exit(
            runDriver(&count, &arguments) { data, size in
                FuzzTarget.chosen.run(Array(UnsafeBufferPointer(start: data, count: size)))
                return 0
            })
    }
}
