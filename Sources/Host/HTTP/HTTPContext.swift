import Hummingbird
import Logging
import NIOCore

/// What accompanies a request on its way through the routes.
struct HTTPContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    let channel: any Channel
    let record: RequestRecord

    init(source: ApplicationRequestContextSource) {
        coreContext = CoreRequestContextStorage(source: source)
        channel = source.channel
        record = RequestRecord()
    }
}
