import { fnv1a } from '@switchboard/contracts/partition'

/**
 * Who owns which partition: rendezvous preference, each member at most ceil(partitions / members). Everybody who sees the
 * same members computes the same, and one member more or less moves few partitions.
 * @returns the member of each partition; empty where there are no members.
 */
export function assign(partitions: number, members: readonly string[]): Map<number, string> {
  const assignment = new Map<number, string>()
  if (members.length === 0) return assignment
  const most = Math.ceil(partitions / members.length)
  const load = new Map(members.map((member) => [member, 0]))
  for (let partition = 0; partition < partitions; partition += 1) {
    const preference = members
      .map((member) => ({ member, weight: fnv1a(`${member} ${partition}`) }))
      .sort((a, b) => b.weight - a.weight || (a.member < b.member ? -1 : 1))
    const chosen = preference.find(({ member }) => (load.get(member) ?? 0) < most)
    if (!chosen) throw new Error('the caps leave a partition without a member')
    load.set(chosen.member, (load.get(chosen.member) ?? 0) + 1)
    assignment.set(partition, chosen.member)
  }
  return assignment
}
