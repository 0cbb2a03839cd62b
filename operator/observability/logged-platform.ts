import type { ObjectKey } from '../../kube/object-key.ts'
import { omitUndefined } from '../../std/omit-undefined.ts'
import type { Platform } from '../controllers/platform.ts'
import { findCondition } from '../core/conditions.ts'
import type { Events } from '../ports/events.ts'
import type { Jobs } from '../ports/jobs.ts'
import type { Runs, Sweeps } from '../ports/objects.ts'
import type { Log } from './log.ts'

const toObjectField = ({ namespace, name }: ObjectKey) => ({ object: `${namespace}/${name}` })

const toStateFields = ({ conditions }: Parameters<Runs['writeStatus']>[1]) => {
  const ready = findCondition(conditions, 'Ready')
  return { state: ready?.reason, note: ready?.message }
}

function withLoggedRuns(runs: Runs, log: Log): Runs {
  return {
    get: (key) => runs.get(key),
    list: () => runs.list(),
    listOwnedBy: (uid) => runs.listOwnedBy(uid),
    watch: (changed) => runs.watch(changed),
    async create(run) {
      const stored = await runs.create(run)
      log.info(toObjectField(stored.metadata), 'run created')
      return stored
    },
    async writeStatus(key, status, resourceVersion) {
      const stored = await runs.writeStatus(key, status, resourceVersion)
      log.debug({ ...toObjectField(key), ...toStateFields(status) }, 'status of run written')
      return stored
    },
    async writeSpec(key, spec, resourceVersion) {
      const stored = await runs.writeSpec(key, spec, resourceVersion)
      log.info({ ...toObjectField(key), suspend: spec.suspend === true }, 'spec of run written')
      return stored
    },
    async delete(key) {
      await runs.delete(key)
      log.info(toObjectField(key), 'run deleted')
    },
  }
}

function withLoggedSweeps(sweeps: Sweeps, log: Log): Sweeps {
  return {
    get: (key) => sweeps.get(key),
    list: () => sweeps.list(),
    watch: (changed) => sweeps.watch(changed),
    create: (sweep) => sweeps.create(sweep),
    delete: (key) => sweeps.delete(key),
    async writeStatus(key, status, resourceVersion) {
      const stored = await sweeps.writeStatus(key, status, resourceVersion)
      log.debug({ ...toObjectField(key), ...toStateFields(status) }, 'status of sweep written')
      return stored
    },
  }
}

function withLoggedJobs(jobs: Jobs, log: Log): Jobs {
  return {
    ...omitUndefined({ defaultTtlSeconds: jobs.defaultTtlSeconds }),
    listOwnedBy: (uid) => jobs.listOwnedBy(uid),
    watch: (changed) => jobs.watch(changed),
    async create(request) {
      await jobs.create(request)
      const { task, attempt, owner } = request
      log.info({ ...toObjectField(request), run: owner.name, task, attempt }, 'job created')
    },
    async createReader(request) {
      await jobs.createReader(request)
      log.info({ ...toObjectField(request), run: request.owner.name }, 'reader created')
    },
    async delete(key) {
      await jobs.delete(key)
      log.info(toObjectField(key), 'job asked to end')
    },
  }
}

const withLoggedEvents = (events: Events, log: Log): Events => ({
  async publish(event) {
    const { kind, key, type, reason, message } = event
    log.info({ kind, ...toObjectField(key), type, reason, note: message }, 'event')
    await events.publish(event)
  },
})

/**
 * The same ports, with a line in the log for everything that the controllers do and for every
 * reason they give.
 */
export const withLoggedPlatform = (platform: Platform, log: Log): Platform => ({
  ...platform,
  runs: withLoggedRuns(platform.runs, log),
  sweeps: withLoggedSweeps(platform.sweeps, log),
  jobs: withLoggedJobs(platform.jobs, log),
  events: withLoggedEvents(platform.events, log),
})
