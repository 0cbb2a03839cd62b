/**
 * How soon to reconcile. live: the object changed just now. resync: it was found while everything
 * was listed, and can wait for what changes now.
 */
export type Urgency = 'live' | 'resync'
