import ArgumentParser
import CPages
import GRDB
import Hummingbird
import TOMLKit

@main struct Main: AsyncParsableCommand {
    mutating func run() async throws { print(hostThing()) }
}
package func hostThing() -> Int { roost_page_count }
