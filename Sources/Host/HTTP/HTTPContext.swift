import Engine
import HTTPTypes
package import Hummingbird
import NIOCore
import Synchronization

/// What accompanies a request on its way through the routes.
package struct HTTPContext: RequestContext {
    package var coreContext: CoreRequestContextStorage
    let channel: any Channel
    let record: RequestRecord
    /// Who asks, once a route has been found.
    package internal(set) var owner = Owner.host
    /// How the requests of the owner stand.
    var standing = Standing()

    package init(source: ApplicationRequestContextSource) {
        coreContext = CoreRequestContextStorage(source: source)
        channel = source.channel
        record = RequestRecord()
    }
}

extension HTTPContext {
    /// Says who a request is for, and when its turn comes.
    ///
    /// - Parameter asked: the priority that the request names. One that came with a key may stand back,
    ///   but not come before what its key has.
    func stamp(_ request: inout GenerationRequest, asked: Int?) {
        request.client = Client(name: owner.name, weight: standing.share)
        let asked = asked ?? standing.priority
        request.priority = owner == .host ? asked : max(asked, standing.priority)
    }
}

/// What is known about a request when its log line is written; never its content.
final class RequestRecord: Sendable {
    struct Facts {
        var id = ""
        /// The header in which the request's API names it.
        var idHeader = HTTPField.Name.requestID
        var model: String?
        var promptTokens: Int?
        var completionTokens: Int?
        var error: String?
        /// The sentence of an error that is not the client's but the model's or its plugin's.
        var reason: String?
        var clientLeft = false
        /// Unknown members of the body, each perhaps with the name that was meant.
        var ignored: [String] = []
        /// The response outlives its handler: the writer of the body reports its end.
        var isStreaming = false
        fileprivate var whenEnded: (@Sendable (Facts) -> Void)?

        mutating func note(_ failure: APIError) {
            error = failure.code ?? failure.type
            if failure.status >= 500 || failure.status == 422 {
                reason = String(failure.description.prefix(1024))
            }
        }
    }

    let started = ContinuousClock.now
    private let facts = Mutex(Facts())

    deinit {
        end()
    }

    var id: String { facts.withLock(\.id) }
    var isStreaming: Bool { facts.withLock(\.isStreaming) }

    func note(_ change: (inout Facts) -> Void) {
        facts.withLock { change(&$0) }
    }

    /// Calls `body` once, at the end of the response.
    func whenEnded(_ body: @escaping @Sendable (Facts) -> Void) {
        facts.withLock { $0.whenEnded = body }
    }

    /// The response has ended; calls after the first do nothing. A released record has ended too:
    /// its client left before the response began.
    func end() {
        let (ended, facts) = facts.withLock { facts in
            defer { facts.whenEnded = nil }
            return (facts.whenEnded, facts)
        }
        ended?(facts)
    }
}

/// Random names of requests and completions.
enum Identifier {
    /// `prefix` and 24 hexadecimal digits.
    static func random(prefix: String) -> String {
        let digits = (0..<2).map { _ in
            let part = String(UInt64.random(in: 0..<1 << 48), radix: 16)
            return String(repeating: "0", count: 12 - part.count) + part
        }
        return prefix + digits.joined()
    }
}
