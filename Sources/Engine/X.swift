package func en() -> Int { 1 }
