import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cpuFileOfGroup, cpuMsOfGroup, cpuMsOfPs, cpuMsOfStat, rssKibOfStatus } from './proc.ts'

const rest = 'S 1 2 3 4 5 6 7 8 9 10 250 50 0 0 20 0 11 0 12345 1000000 2000 18446744073709551615'

test('a line of /proc stat, then user and system time in milliseconds', () => {
  assert.equal(cpuMsOfStat(`4242 (node) ${rest}`), 3_000)
})

test('the name of a program holds spaces and parentheses, then the fields after it are still found', () => {
  assert.equal(cpuMsOfStat(`7 (a) b (c 1 2 3) ${rest}`), 3_000)
})

test('another text than a stat, then an error and not a zero', () => {
  assert.throws(() => cpuMsOfStat(''), /not a \/proc stat/)
  assert.throws(() => cpuMsOfStat('7 (node) S 1 2'), /not a \/proc stat/)
})

test('times as ps prints them on Linux and macOS, then milliseconds', () => {
  assert.equal(cpuMsOfPs('00:01:02'), 62_000)
  assert.equal(cpuMsOfPs('2-03:04:05\n'), 183_845_000)
  assert.equal(cpuMsOfPs('  1:02.53'), 62_530)
  assert.throws(() => cpuMsOfPs('TIME'), /not a time of ps/)
})

test('control groups of both versions, then the file that counts and the time in it', () => {
  assert.equal(cpuFileOfGroup('0::/docker/ab12\n'), '/sys/fs/cgroup/docker/ab12/cpu.stat')
  const old = '9:name=systemd:/docker/ab\n2:cpu,cpuacct:/docker/ab\n0::/docker/ab\n'
  assert.equal(cpuFileOfGroup(old), '/sys/fs/cgroup/cpuacct/docker/ab/cpuacct.usage')
  assert.equal(cpuFileOfGroup('2:cpuacct:/\n0::/\n'), undefined)
  assert.equal(cpuMsOfGroup('usage_usec 1234500\nuser_usec 1000000\n'), 1_234.5)
  assert.equal(cpuMsOfGroup('57061511\n'), 57.061511)
  assert.throws(() => cpuMsOfGroup('user_usec 5\n'), /not the CPU time of a group/)
})

test('resident memory out of a status, and an ended process has none', () => {
  assert.equal(rssKibOfStatus('Name:\tnode\nVmPeak:\t  900 kB\nVmRSS:\t   12345 kB\nThreads:\t11\n'), 12_345)
  assert.throws(() => rssKibOfStatus('Name:\tnode\nState:\tZ (zombie)\n'), /no VmRSS/)
})
