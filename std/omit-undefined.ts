type WithoutUndefined<T> = { [K in keyof T]?: Exclude<T[K], undefined> }

/** A copy without the entries that are undefined, for optional fields that must be left out. */
export const omitUndefined = <T extends object>(entries: T): WithoutUndefined<T> =>
  Object.fromEntries(
    Object.entries(entries).filter(([, value]) => value !== undefined),
  ) as WithoutUndefined<T>
