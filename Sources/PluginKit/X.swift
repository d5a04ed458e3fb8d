package func pk() -> Int { 1 }
