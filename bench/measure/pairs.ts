/** What one segment gave, by the name of the figure. */
export type Sample = Readonly<Record<string, number>>

/** All samples of one subject, in the order of the rounds. */
export type Samples = Readonly<Record<string, readonly number[]>>

export interface PairOptions {
  /** Rounds that count. */
  readonly pairs: number
  /** Called before each segment, to say on the terminal where it is. */
  readonly report: (line: string) => void
  /** Rounds before them that do not: code becomes warm, files grow their first blocks. One when left out. */
  readonly warmUps?: number
}

/**
 * Measures the subjects in turn, A B A B …: whatever the machine does meanwhile meets all of them. A subject that throws ends it.
 * @throws when a subject gives another set of figures than before.
 */
export async function alternate<Subject extends string>(
  subjects: Readonly<Record<Subject, () => Promise<Sample>>>,
  { pairs, report, warmUps = 1 }: PairOptions,
): Promise<Record<Subject, Samples>> {
  const names = Object.keys(subjects) as Subject[]
  const gathered = Object.fromEntries(names.map((name) => [name, new Map<string, number[]>()]))
  for (let round = 1 - warmUps; round <= pairs; round += 1) {
    for (const name of names) {
      report(round < 1 ? `${name}, warming up` : `${name}, ${round} of ${pairs}`)
      const sample = await subjects[name]()
      if (round < 1) continue
      for (const [figure, value] of Object.entries(sample)) {
        const values = gathered[name]?.get(figure) ?? []
        gathered[name]?.set(figure, values)
        if (values.length !== round - 1) throw new Error(`${name} has no ${figure} of an earlier round`)
        values.push(value)
      }
      for (const [figure, values] of gathered[name] ?? [])
        if (values.length !== round) throw new Error(`${name} gave no ${figure} in round ${round}`)
    }
  }
  const entries = names.map((name) => [name, Object.fromEntries(gathered[name] ?? [])])
  return Object.fromEntries(entries) as Record<Subject, Samples>
}
