/** For every file, the files that it imports. */
export type ImportGraph = ReadonlyMap<string, readonly string[]>

/** The shortest way from one file back to itself, or nothing where there is none. */
function findShortestCycle(graph: ImportGraph, start: string): string[] | undefined {
  const importers = new Map<string, string>()
  // A Set may grow while it is iterated: a breadth-first search.
  const reached = new Set([start])
  for (const path of reached) {
    for (const imported of graph.get(path) ?? []) {
      if (imported === start) return walkBack(importers, path, start)
      if (!reached.has(imported)) importers.set(imported, path)
      reached.add(imported)
    }
  }
  return undefined
}

function walkBack(importers: ReadonlyMap<string, string>, end: string, start: string): string[] {
  const way = [end]
  for (let path = end; path !== start; ) {
    path = importers.get(path) ?? start
    way.unshift(path)
  }
  return way
}

/** Every circle of imports once, as its files in order. */
export function findCycles(graph: ImportGraph): string[][] {
  const cycles = new Map<string, string[]>()
  for (const path of [...graph.keys()].toSorted()) {
    const cycle = findShortestCycle(graph, path)
    if (cycle !== undefined) {
      const key = cycle.toSorted().join(' ')
      if (!cycles.has(key)) cycles.set(key, cycle)
    }
  }
  return [...cycles.values()]
}
