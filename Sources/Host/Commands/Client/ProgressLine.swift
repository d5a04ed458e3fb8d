import Synchronization

/// A progress display: a bar on a terminal, a line for every tenth in a pipe, both on standard
/// error.
final class ProgressLine: Sendable {
    private static let width = 30

    private let isQuiet: Bool
    private let isTerminal = StandardError.isTerminal
    /// What was shown last; nil when the line is empty.
    private let last = Mutex<(image: Int, tenth: Int)?>(nil)

    init(isQuiet: Bool) {
        self.isQuiet = isQuiet
    }

    /// - Parameter of: nil when nobody knows.
    func show(step: Int, of steps: Int?, image: Int, of images: Int) {
        let which = images > 1 ? "image \(image + 1) of \(images), " : ""
        let text = which + "step \(step)" + (steps.map { " of \($0)" } ?? "")
        show(text, step: step, of: steps, image: image)
    }

    /// - Parameter text: what stands beside the bar.
    func show(_ text: String, step: Int, of steps: Int?, image: Int = 0) {
        guard !isQuiet else { return }
        let tenth = steps.map { 10 * step / max(1, $0) } ?? step
        last.withLock { last in
            if isTerminal {
                let filled = steps.map { Self.width * step / max(1, $0) } ?? 0
                let bar =
                    String(repeating: "█", count: filled)
                    + String(repeating: "░", count: Self.width - min(filled, Self.width))
                StandardError.text("\r\(bar) \(text)\u{1B}[K")
            } else if last?.image != image || last?.tenth != tenth {
                StandardError.write(text)
            }
            last = (image, tenth)
        }
    }

    /// Clears the bar.
    func end() {
        last.withLock { last in
            if isTerminal, last != nil { StandardError.text("\r\u{1B}[K") }
            last = nil
        }
    }
}
