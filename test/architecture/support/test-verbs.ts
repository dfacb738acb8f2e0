/**
 * The verbs that the title of a test may begin with, in the third person. A missing verb is added here; a word that hides what
 * the program does (is, may, says, tells) is not.
 */
export const TEST_VERBS: ReadonlySet<string> = new Set(
  `
    accepts adds adopts advances aggregates agrees aligns allocates allows announces answers appends applies asks
    assigns audits authenticates authorizes avoids backs begins blocks bounces bounds breaks builds caches calls
    cancels caps carries certifies changes charges checks chooses claims cleans clears closes coalesces collects
    combines commits compares compiles completes composes computes confirms connects considers consumes contains
    continues converts copies counts covers crashes creates cuts decides declares decodes deduplicates defaults
    defers delays deletes delivers denies derives describes detects discards disconnects displays distinguishes
    distributes divides documents drains drops edits elects emits enables encodes ends enforces ensures enters
    escapes estimates evaluates exceeds excludes executes exits expects expires explains exports exposes extends extracts
    fails fans fetches fills filters finds finishes fires fits flags flushes follows forecasts forgets formats
    forms forwards frees gathers generates gives grants groups grows guards guesses handles hands has hashes hides
    holds honours identifies ignores implies imports improves includes increases indexes infers inherits inserts
    installs interrupts invalidates invites isolates joins keeps kills labels lacks leads learns leaves lets limits links
    lists loads locates locks logs looks loses lowers maintains makes maps marks masks matches measures meets
    merges migrates mirrors moves names narrows needs nominates normalizes notes notices notifies numbers offers
    omits opens orders outlives outranks overrides pages parses passes pauses permits persists picks places plans
    points preempts prefers prepares presents preserves prevents prices prints prioritizes probes proceeds produces
    promises propagates protects proves provides prunes publishes purges puts queues quotes raises ranks reaches
    reacts reads rebuilds recalculates receives recomputes reconnects records recovers redacts redeems redirects
    redraws reduces refers refreshes refunds refuses registers rejects relates releases reloads relocates removes
    renames renders renews reopens repairs repeats replaces replays replies reports represents requests requeues
    requires reschedules reserves resets resizes resolves respects responds restarts restores restricts resumes
    retains retries returns reuses reveals reverts revokes rolls rotates rounds routes runs samples satisfies
    saves scales schedules scores seals searches selects sends separates serves sets settles shares shortens shows
    shrinks signs skips sleeps solves sorts spends splits spreads stamps starts states stays steps stops stores
    streams strips submits subtracts succeeds suggests sums supports survives suspends swaps switches takes
    terminates tests throttles throws tolerates tracks transfers translates treats tries triggers trims truncates
    trusts turns undoes unlocks updates upgrades uses validates varies verifies visits waits wakes warns withdraws
    withholds withstands works wraps writes yields
  `
    .trim()
    .split(/\s+/),
);
