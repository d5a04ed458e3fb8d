import CHostShims

/// What other processes of the host's user may see of it.
package enum HostPrivacy {
    /// Other processes of the same user can no longer read the host's memory and environment, where keys
    /// stand, nor attach a debugger. A worker, which is started by `exec`, can be looked at.
    package static func hideMemory() {
        _ = roost_hide_memory()
    }
}
