# The answers of the registry a second time, from the canonical CSV files (docs/mapping.md) with nothing of the server: base R and the survival package.
#
#   Rscript reference.R DIR AS-OF > answers.csv
#
# With TELL=doris-2021 (an endpoint, or a value) it also tells on standard error what it takes each patient for.
#
# It writes a table: ask (which question), part, timepoint, group and time (which line of the answer), column, value. What does not exist is empty.
# Every rule stands here once more as it is defined, so that it can be read beside the definition; none is taken over from the server.

suppressPackageStartupMessages(library(survival))
options(stringsAsFactors = FALSE, warn = 1)

arguments <- commandArgs(TRUE)
folder <- arguments[1]
asof <- as.Date(arguments[2])

read <- function(name) {
  d <- read.csv(file.path(folder, paste0(name, ".csv")), colClasses = "character", na.strings = "", check.names = FALSE)
  d
}
num <- function(x) suppressWarnings(as.numeric(x))

# ---- The parameters, with their defaults.

rules <- list(
  doris.pga = 0.5, doris.gc = 5, lldas.sledai = 4, lldas.pga = 1, lldas.gc = 7.5, response.fall = 4, response.baseline = 4,
  upcr.max = 0.5, upcr.baseline = 0.5, egfr.tolerance = 0.15, aplasia.max = 10, recon.min = 10,
  visit.days = 7, baseline.days = 60, toxicity.days = 30, watched = c(crs = 14, icans = 28)
)
windows <- data.frame(
  code = c("tp-m03", "tp-m06", "tp-m12", "tp-m24"), nominal = c(90, 180, 365, 730), from = c(60, 135, 316, 636), to = c(120, 225, 455, 820)
)

# ---- SLEDAI-2K: weights in the order of its items, and what each item belongs to.

weight <- c(rep(8, 8), rep(4, 6), rep(2, 7), rep(1, 3))
serologic <- c(20, 21)
clinical <- setdiff(1:24, serologic)
major <- c(1:7, 8, 11:14, 18, 19, 22)
items <- sprintf("s%02d", 1:24)

# ---- Three-valued logic: TRUE, FALSE and NA, which R's & and | already have.

every <- function(...) Reduce(`&`, list(...))

# ---- Dates: first and last day that a date may be, as days since the infusion.

span <- function(text, zero) {
  n <- nchar(text)
  first <- as.Date(ifelse(n == 10, text, ifelse(n == 7, paste0(text, "-01"), paste0(text, "-01-01"))))
  month <- as.POSIXlt(ifelse(is.na(text), NA, as.character(first)))
  after <- month
  after$mon <- ifelse(n == 7, month$mon + 1, month$mon)
  after$year <- ifelse(n == 4, month$year + 1, month$year)
  last <- as.Date(after) - ifelse(n == 10, 0, 1)
  data.frame(first = as.integer(first - zero), last = as.integer(last - zero))
}

# ---- The patients: who was infused, has lupus and has not withdrawn. Their rows carry days since the first infusion.

patients <- read("patients"); sle <- read("sle"); course <- read("course"); infusion <- read("infusion")
visits <- read("visits"); sledai <- read("sledai"); labs <- read("labs"); tox <- read("tox"); outcome <- read("outcome")

infused <- infusion[!is.na(infusion$infusion_date) & as.Date(infusion$infusion_date) <= asof, ]
infused <- infused[order(infused$registry_id, infused$infusion_date), ]
first <- infused[!duplicated(infused$registry_id), ]
first <- first[first$registry_id %in% sle$registry_id, ]
stays <- patients$registry_id[is.na(patients$withdrawal_date)]
first <- first[first$registry_id %in% stays, ]
ids <- first$registry_id
zero <- setNames(as.Date(first$infusion_date), ids)

dated <- function(d, column) {
  d <- d[d$registry_id %in% ids & !is.na(d[[column]]), ]
  d <- cbind(d, span(d[[column]], zero[d$registry_id]))
  d$day <- ifelse(d$first == d$last, d$first, NA)
  d[d$first <= as.integer(asof - zero[d$registry_id]), ]
}
visits <- dated(visits, "visit_date"); sledai <- dated(sledai, "visit_date"); labs <- dated(labs, "date"); tox <- dated(tox, "onset")
deaths <- dated(outcome, "death_date")

visits$pga <- num(visits$pga) * 3 / ifelse(is.na(visits$pga_scale), 3, num(visits$pga_scale))
visits$gc <- num(visits$pred_mg_d)
for (f in c("hcq", "mmf", "aza", "cni", "biologic", "haem_anaemia", "gi_activity")) visits[[f]] <- visits[[f]] == "1"
tick <- as.matrix(sledai[, items]) == "1"
# A total that is told counts where no item is: a total of 0 then says of every item that it is false.
complete <- rowSums(is.na(tick)) == 0
told <- num(sledai$total)
bare <- !is.na(told) & rowSums(!is.na(tick)) == 0
tick[bare & told == 0, ] <- FALSE
# At least and at most what a total, and a clinical total, can be: the serologic items make 0, 2 or 4 of a total that is told.
sledai$least <- rowSums(t(t(tick) * weight), na.rm = TRUE)
sledai$most <- sledai$least + rowSums(t(t(is.na(tick)) * weight))
sledai$total <- ifelse(bare, told, ifelse(complete, sledai$least, NA))
sledai$least <- ifelse(bare, told, sledai$least); sledai$most <- ifelse(bare, told, sledai$most)
cleast <- rowSums(t(t(tick[, clinical]) * weight[clinical]), na.rm = TRUE)
cmost <- cleast + rowSums(t(t(is.na(tick[, clinical])) * weight[clinical]))
rest <- function(t) sapply(t, function(x) range((x - c(0, 2, 4))[x - c(0, 2, 4) >= 0]))
if (any(bare)) { r <- rest(told[bare]); cleast[bare] <- r[1, ]; cmost[bare] <- r[2, ] }
sledai$cnone <- ifelse(cleast > 0, FALSE, ifelse(cmost == 0, TRUE, NA))
sledai$tick <- I(tick)
sledai$major <- apply(tick[, major, drop = FALSE], 1, any)

# The units that the canonical files may have (section 3 of the specification).
test <- c("5130-0" = "dsdna", "4485-9" = "c3", "2890-2" = "upcr", "98979-8" = "egfr", "8116-6" = "cd19")
labs$test <- unname(test[labs$loinc]); labs <- labs[!is.na(labs$test), ]
sign <- ifelse(grepl("^[<>]", labs$value), substr(labs$value, 1, 1), "")
raw <- num(sub("^[<>]=?", "", labs$value))
scale <- ifelse(labs$unit == "mg/dL" & labs$test == "c3", 1 / 100, ifelse(labs$unit == "mg/g", 1 / 1000, ifelse(labs$unit == "mg/mmol", 0.00884, 1)))
labs$x <- raw * scale; labs$raw <- raw; labs$sign <- sign
labs$low <- num(labs$low); labs$high <- num(labs$high)
# Compared with a bound, a value beyond a limit of detection is known where the limit is beyond the bound too.
below <- function(x, sign, bound) ifelse(sign == "<", ifelse(x <= bound, TRUE, NA), ifelse(sign == ">", ifelse(x >= bound, FALSE, NA), x < bound))
atmost <- function(x, sign, bound) ifelse(sign == "<", ifelse(x <= bound, TRUE, NA), ifelse(sign == ">", ifelse(x >= bound, FALSE, NA), x <= bound))

# One list for each patient, so that nothing is looked for twice.
split.by <- function(d) split(d, factor(d$registry_id, ids))
V <- split.by(visits); S <- split.by(sledai); L <- split.by(labs); D <- split.by(deaths)
of <- function(column, table) setNames(table[[column]][match(ids, table$registry_id)], ids)
depleted <- course[course$course_no == "1", ]
prepared <- setNames(as.integer(as.Date(of("ld_start", depleted)) - zero), ids)
again <- sapply(ids, function(i) { d <- as.integer(as.Date(infused$infusion_date[infused$registry_id == i]) - zero[[i]]); if (length(d) > 1) sort(d)[2] else Inf })
end <- setNames(as.integer(asof - zero), ids)
women <- setNames(of("sex", patients) == "female", ids)
product <- of("product", first)
nephritis <- setNames(!is.na(of("ln_class", sle)) | of("organ_renal", sle) %in% "1", ids)

# ---- One choice: the value that is nearest to the nominal day, of two as near the later.

nearest <- function(day, nominal) { k <- which(!is.na(day)); k[order(abs(day[k] - nominal), -day[k])][1] }
inside <- function(d, from, to) !is.na(d$day) & d$day >= from & d$day <= to
maybe <- function(d, from, to) is.na(d$day) & d$first <= to & pmin(d$last, end[d$registry_id]) >= from

# What stands in a column beside an assessment: of its day, else of the nearest day within a week.
beside <- function(i, day, column) {
  v <- V[[i]]
  v <- v[!is.na(v$day) & abs(v$day - day) <= rules$visit.days & !is.na(v[[column]]), ]
  v <- v[v$day < again[[i]] | day >= again[[i]], ]
  if (nrow(v) == 0) NA else v[[column]][nearest(v$day, day)]
}

# ---- The outcomes at one assessment, which is of the day of a SLEDAI-2K.

row.of <- function(i, day) { s <- S[[i]]; k <- which(s$day == day); if (length(k)) s[k[1], ] else NULL }
baseline.score <- function(i) {
  s <- S[[i]]
  k <- which(!is.na(s$day) & s$day < prepared[[i]] & s$day >= prepared[[i]] - rules$baseline.days)
  if (length(k)) s[k[which.max(s$day[k])], ] else NULL
}
previous <- function(i, day) { s <- S[[i]]; k <- which(s$last < day); if (length(k)) s[k[order(s$last[k], decreasing = TRUE)][1], ] else NULL }

doris <- function(i, day) {
  s <- row.of(i, day)
  every(if (is.null(s)) NA else s$cnone, beside(i, day, "pga") < rules$doris.pga, beside(i, day, "gc") <= rules$doris.gc)
}
lldas <- function(i, day) {
  s <- row.of(i, day)
  quiet <- NA; fresh <- NA
  if (!is.null(s)) {
    low <- if (s$most <= rules$lldas.sledai) TRUE else if (s$least > rules$lldas.sledai) FALSE else NA
    quiet <- every(low, !s$major)
    p <- previous(i, day)
    if (!is.null(p)) fresh <- any(as.vector(s$tick) & !as.vector(p$tick))
  }
  every(quiet, !beside(i, day, "haem_anaemia"), !beside(i, day, "gi_activity"), !fresh, beside(i, day, "pga") <= rules$lldas.pga, beside(i, day, "gc") <= rules$lldas.gc)
}
free <- function(i, day) every(beside(i, day, "gc") == 0, !beside(i, day, "hcq"), !beside(i, day, "mmf"), !beside(i, day, "aza"), !beside(i, day, "cni"), !beside(i, day, "biologic"))
drugfree <- function(i, day) every(doris(i, day), free(i, day))
response <- function(i, day) {
  s <- row.of(i, day); b <- baseline.score(i)
  if (is.null(s) || is.null(b)) NA else if (b$most - s$least < rules$response.fall) FALSE else if (b$least - s$most >= rules$response.fall) TRUE else NA
}

# ---- Of one patient and time point: met, not-met, not-evaluable, not-assessed, died, not-applicable or not-due.

said <- function(x) if (is.na(x)) "not-evaluable" else if (x) "met" else "not-met"

# absent is what somebody without a value in the window is.
absent <- function(i, w, vague) {
  d <- D[[i]]
  if (nrow(d) && d$last[1] <= w$to) return("died")
  if (nrow(d) && d$first[1] <= w$to) return("not-evaluable")
  if (vague) "not-evaluable" else "not-assessed"
}

# at judges the assessment of a window: a day of SLEDAI-2K. A visit without one is none, whatever else was seen.
at <- function(i, w, judge, reinfusion) {
  d <- S[[i]]
  if (reinfusion == "censor") d <- d[d$first <= again[[i]], ]
  k <- which(inside(d, w$from, w$to))
  if (length(k)) {
    day <- d$day[k[nearest(d$day[k], w$nominal)]]
    return(if (day > again[[i]]) "not-met" else said(judge(i, day)))
  }
  if (reinfusion == "failure" && again[[i]] <= w$to) return("not-met")
  absent(i, w, any(maybe(d, w$from, w$to)))
}

lab.at <- function(i, name, w, reinfusion = "censor") {
  l <- L[[i]]; l <- l[l$test == name & l$day <= again[[i]] & inside(l, w$from, w$to), ]
  if (nrow(l)) l[nearest(l$day, w$nominal), ] else NULL
}
lab.base <- function(i, name) {
  l <- L[[i]]; l <- l[l$test == name & l$day < prepared[[i]] & l$day >= prepared[[i]] - rules$baseline.days, ]
  if (nrow(l)) l[which.max(l$day), ] else NULL
}

renal <- function(i, w) {
  if (!nephritis[[i]]) return("not-applicable")
  b <- lab.base(i, "upcr"); g <- lab.base(i, "egfr")
  if (is.null(b)) return("not-evaluable")
  if (below(b$x, b$sign, rules$upcr.baseline) %in% TRUE) return("not-applicable")
  u <- lab.at(i, "upcr", w); f <- lab.at(i, "egfr", w)
  if (is.null(u) && is.null(f)) return(absent(i, w, FALSE))
  stable <- if (is.null(f) || is.null(g)) NA else f$x >= (1 - rules$egfr.tolerance) * g$x
  said(every(if (is.null(u)) NA else below(u$x, u$sign, rules$upcr.max), stable))
}

normal <- function(name, bad) function(i, w) {
  b <- lab.base(i, name)
  if (is.null(b)) return("not-evaluable")
  if (!bad(b)) return("not-applicable")
  v <- lab.at(i, name, w)
  if (is.null(v)) return(absent(i, w, FALSE))
  said(!bad(v))
}
high <- function(l) !atmost(l$raw, l$sign, l$high)
low <- function(l) below(l$raw, l$sign, l$low)

by.visit <- function(judge, reinfusion = "censor", applies = NULL) function(i, w) {
  # Of whom it is not known whether there was anything to respond, no assessment tells.
  among <- if (is.null(applies)) TRUE else applies(i)
  if (is.na(among)) "not-evaluable" else if (among) at(i, w, judge, reinfusion) else "not-applicable"
}
has.activity <- function(i) {
  b <- baseline.score(i)
  if (is.null(b)) NA else if (b$least >= rules$response.baseline) TRUE else if (b$most < rules$response.baseline) FALSE else NA
}
endpoints <- list(
  "doris-2021" = by.visit(doris), "doris-2021 reinfusion=failure" = by.visit(doris, "failure"), "lldas" = by.visit(lldas), "drug-free-remission" = by.visit(drugfree),
  "sledai-response-4" = by.visit(response, applies = has.activity), "crr" = renal, "dsdna-normal" = normal("dsdna", high), "c3-normal" = normal("c3", low)
)

# ---- What is written.

lines <- list()
say <- function(ask, part, timepoint, group, time, values) {
  lines[[length(lines) + 1]] <<- data.frame(ask, part, timepoint, group, time = as.character(time), column = names(values), value = unlist(values, use.names = FALSE))
}
proportion <- function(prefix, x, n) {
  v <- if (n == 0) list(n = 0) else {
    w <- suppressWarnings(prop.test(x, n, correct = FALSE))$conf.int; e <- binom.test(x, n)$conf.int
    list(n = n, rate = x / n, "wilson-lower" = w[1], "wilson-upper" = w[2], "exact-lower" = e[1], "exact-upper" = e[2])
  }
  setNames(v, paste0(prefix, "-", names(v)))
}
summary.of <- function(prefix, x, all) {
  if (length(x) == 0) return(NULL)
  q <- quantile(x, c(0.25, 0.5, 0.75), names = FALSE)
  v <- c(list(median = q[2], q1 = q[1], q3 = q[3]), all(x))
  setNames(v, paste0(prefix, names(v)))
}
part.of.sexes <- list(all = ids, women = ids[women], other = ids[!women])

for (e in names(endpoints)) for (k in seq_len(nrow(windows))) {
  w <- windows[k, ]
  is <- sapply(ids, function(i) if (w$to > end[[i]]) "not-due" else endpoints[[e]](i, w))
  if (Sys.getenv("TELL") == e) write.table(data.frame(w$code, ids, is), stderr(), col.names = FALSE, row.names = FALSE, quote = FALSE)
  for (g in names(part.of.sexes)) {
    x <- is[part.of.sexes[[g]]]
    n <- function(what) sum(x == what)
    kinds <- c("met", "not-met", "not-evaluable", "not-assessed", "died", "not-applicable", "not-due")
    counts <- setNames(lapply(kinds, n), kinds)
    say(paste("outcome-rate", e), "rate", w$code, g, "", c(
      list(n = length(x)), counts, proportion("observed", n("met"), n("met") + n("not-met")),
      proportion("imputed", n("met"), length(x) - n("not-applicable") - n("not-due"))))
  }
}

# ---- Times to events. cause: 0 followed until then, 1 the event, 2 death that competes; NA: cannot be told.

# follow calls f of each patient and the day of death, NA of who lives. Of a death of some month only that is known which is so of its first
# day and of its last.
follow <- function(f) lapply(ids, function(i) {
  d <- D[[i]]
  if (!nrow(d)) return(f(i, NA))
  early <- f(i, d$first[1]); late <- f(i, d$last[1])
  if (identical(early, late)) early else c(NA, NA)
})
curve <- function(ask, time, cause, competes, applicable = !is.na(time)) {
  time[is.na(cause)] <- NA
  groups <- lapply(part.of.sexes, function(g) g[!is.na(time[g])])
  for (g in names(groups)) {
    x <- groups[[g]]; t <- time[x]; c <- cause[x]
    method <- if (competes) "aalen-johansen" else "kaplan-meier"
    say(ask, "group", "", g, "", list(n = length(part.of.sexes[[g]]), followed = length(x), "not-applicable" = sum(!applicable[part.of.sexes[[g]]]),
      "not-evaluable" = sum(applicable[part.of.sexes[[g]]]) - length(x), events = sum(c == 1), competing = if (competes) sum(c == 2) else NA, censored = sum(c == 0)))
    if (length(x) == 0) next
    if (competes) {
      s <- survfit(Surv(t, factor(c, 0:2, c("none", "event", "death"))) ~ 1, conf.type = "log-log", id = seq_along(t))
      j <- match("event", s$states)
      v <- data.frame(time = s$time, risk = s$n.risk[, 1], p = s$pstate[, j], se = s$std.err[, j], lower = s$lower[, j], upper = s$upper[, j])
    } else {
      s <- survfit(Surv(t, c == 1) ~ 1, conf.type = "log-log")
      v <- data.frame(time = s$time, risk = s$n.risk, p = s$surv, se = s$surv * s$std.err, lower = s$lower, upper = s$upper)
      m <- summary(s)$table
      say(ask, "group", "", g, "", list(median = m[["median"]], "median-lower" = m[["0.95LCL"]], "median-upper" = m[["0.95UCL"]]))
    }
    for (k in seq_len(nrow(v))) say(ask, "curve", "", g, v$time[k], list("at-risk" = v$risk[k], probability = v$p[k], "standard-error" = v$se[k], lower = v$lower[k], upper = v$upper[k]))
  }
  x <- ids[!is.na(time)]
  l <- survdiff(Surv(time[x], cause[x] == 1) ~ women[x])
  say(ask, "log-rank", "", "", "", list("chi-square" = l$chisq, df = 1, p = pchisq(l$chisq, 1, lower.tail = FALSE)))
}

# Overall survival: death, else the last day on which the patient is known to have lived: told so, seen, assessed, measured or treated.
# Follow-up ends on the day as of which is asked, so that who was seen after it lived then.
exact <- function(i, table, column) {
  d <- table[[column]][table$registry_id == i & nchar(table[[column]]) %in% 10]
  as.integer(as.Date(d) - zero[[i]])
}
seen <- list(list(read("visits"), "last_alive"), list(read("visits"), "visit_date"), list(read("sledai"), "visit_date"), list(read("labs"), "date"), list(infusion, "infusion_date"))
seen.alive <- function(i) min(end[[i]], max(unlist(lapply(seen, function(s) exact(i, s[[1]], s[[2]]))), 0))
survival <- follow(function(i, dead) if (!is.na(dead) && dead <= end[[i]]) c(dead, 1) else c(seen.alive(i), 0))
column <- function(l, k) setNames(sapply(l, `[`, k), ids)
curve("time-to-event overall-survival", column(survival, 1), column(survival, 2), FALSE, setNames(rep(TRUE, length(ids)), ids))

# assessed are the days of assessments before other cells are given, with what they say.
assessed <- function(i, judge) {
  days <- sort(unique(S[[i]]$day[!is.na(S[[i]]$day) & S[[i]]$day > 0 & S[[i]]$day <= again[[i]]]))
  data.frame(day = days, is = vapply(days, function(d) judge(i, d), NA))
}

# Time to first DORIS: death competes, a second infusion ends the follow-up; who is in none is followed to the last assessment of known status.
first.doris <- follow(function(i, dead) {
  a <- assessed(i, doris)
  a <- a[is.na(dead) | a$day <= dead, ]
  met <- a$day[a$is %in% TRUE]
  if (length(met)) return(c(met[1], 1))
  if (!is.na(dead) && dead <= min(again[[i]], end[[i]])) return(c(dead, 2))
  c(max(c(0, a$day[!is.na(a$is)])), 0)
})
curve("time-to-event first-doris", column(first.doris, 1), column(first.doris, 2), TRUE, setNames(rep(TRUE, length(ids)), ids))

# The return of B cells, of those with documented aplasia: the first of two samples in turn above the bound; censored at the last sample.
returned <- follow(function(i, dead) {
  l <- L[[i]]; l <- l[l$test == "cd19" & l$day > 0 & l$day <= min(again[[i]], dead, na.rm = TRUE), ]; l <- l[order(l$day), ]
  none <- which(atmost(l$x, l$sign, rules$aplasia.max) %in% TRUE)
  if (nrow(l) == 0) return(c(NA, NA))
  if (length(none) == 0) return(c(NA, 0))
  above <- !atmost(l$x, l$sign, rules$recon.min)
  k <- which(seq_along(above) > none[1] & above & c(above[-1], FALSE))
  if (length(k)) return(c(l$day[k[1]], 1))
  if (!is.na(dead) && dead <= min(again[[i]], end[[i]])) return(c(dead, 2))
  c(max(l$day), 0)
})
cause <- column(returned, 2)
curve("time-to-event b-cell-return", column(returned, 1), cause, TRUE, setNames(!(is.na(column(returned, 1)) & cause %in% 0), ids))

# ---- Values at time points.

base <- data.frame(code = "tp-base", nominal = NA, from = NA, to = NA)
pick <- function(d, i, w, good, whole) {
  d <- d[d$first <= again[[i]] | w$code == "tp-base", ]
  if (w$code == "tp-base") { w$to <- prepared[[i]] - 1; w$from <- w$to - rules$baseline.days + 1; w$nominal <- w$to }
  ok <- which(inside(d, w$from, w$to) & good(d))
  # The assessment of a time point is the nearest, whether or not all of its items are known; of measurements an unusable one yields.
  if (whole) {
    all <- which(inside(d, w$from, w$to))
    ok <- intersect(ok, all[nearest(d$day[all], w$nominal)])
  }
  if (length(ok)) return(list(row = d[ok[nearest(d$day[ok], w$nominal)], ], is = "measured"))
  list(row = NULL, is = if (any(inside(d, w$from, w$to) | maybe(d, w$from, w$to))) "not-evaluable" else "not-measured")
}
biomarkers <- list(
  "sledai-2k" = list(function(i) S[[i]], function(d) !is.na(d$total), function(r) r$total),
  "pga" = list(function(i) V[[i]][!is.na(V[[i]]$pga), ], function(d) !is.na(d$pga), function(r) r$pga),
  "dsdna" = list(function(i) L[[i]][L[[i]]$test == "dsdna", ], function(d) !is.na(d$high), function(r) r$raw / r$high),
  "c3" = list(function(i) L[[i]][L[[i]]$test == "c3", ], function(d) rep(TRUE, nrow(d)), function(r) r$x)
)
for (b in names(biomarkers)) {
  f <- biomarkers[[b]]
  got <- function(w) lapply(setNames(ids, ids), function(i) pick(f[[1]](i), i, w, f[[2]], b == "sledai-2k"))
  start <- got(base)
  if (Sys.getenv("TELL") == b) for (k in seq_len(nrow(windows))) write.table(data.frame(windows$code[k], ids, sapply(got(windows[k, ]), `[[`, "is")), stderr(), col.names = FALSE, row.names = FALSE, quote = FALSE)
  for (k in 0:nrow(windows)) {
    w <- if (k == 0) base else windows[k, ]
    v <- if (k == 0) start else got(w)
    for (g in names(part.of.sexes)) {
      who <- part.of.sexes[[g]]
      is <- sapply(v[who], `[[`, "is")
      x <- unlist(lapply(v[who], function(p) if (!is.null(p$row)) f[[3]](p$row)))
      change <- unlist(lapply(who, function(i) if (k > 0 && !is.null(v[[i]]$row) && !is.null(start[[i]]$row)) f[[3]](v[[i]]$row) - f[[3]](start[[i]]$row)))
      say(paste("biomarker", b), "value", w$code, g, "", c(
        list(n = length(who), measured = sum(is == "measured"), "not-evaluable" = sum(is == "not-evaluable"), "not-measured" = sum(is == "not-measured")),
        summary.of("", x, function(x) list(mean = mean(x), sd = sd(x), min = min(x), max = max(x))),
        list("change-n" = length(change)), summary.of("change-", change, function(x) NULL)))
    }
  }
}

# ---- CRS and ICANS of the first infusion, by its product.

grades <- read("tox")
grades <- grades[grades$registry_id %in% ids & grades$course_no %in% c("1", NA), ]
grades$onset <- as.integer(as.Date(grades$onset) - zero[grades$registry_id]); grades$end <- as.integer(as.Date(grades$end) - zero[grades$registry_id])
for (kind in c("crs", "icans")) {
  of.kind <- grades[grades$type == kind & (is.na(grades$onset) | grades$onset <= pmin(rules$toxicity.days, end[grades$registry_id])), ]
  # The highest grade is told once the time in which the syndrome can begin, and the episode, are over.
  over <- pmax(rules$watched[[kind]], of.kind$onset, of.kind$end, na.rm = TRUE) <= end[of.kind$registry_id]
  grade <- setNames(num(of.kind$max_grade)[over][match(ids, of.kind$registry_id[over])], ids)
  for (g in c("all", sort(unique(product)))) {
    who <- if (g == "all") ids else ids[product == g]
    x <- grade[who]
    count <- setNames(lapply(0:5, function(k) sum(x %in% k)), paste0("grade-", 0:5))
    rate <- function(name, least) { p <- proportion(name, sum(x >= least, na.rm = TRUE), sum(!is.na(x))); c(setNames(list(sum(x >= least, na.rm = TRUE)), name), p) }
    rows <- of.kind[of.kind$registry_id %in% who & num(of.kind$max_grade) > 0, ]
    lasts <- (rows$end - rows$onset)[!is.na(rows$end) & rows$end <= end[rows$registry_id]]
    all <- function(x) list(min = min(x), max = max(x))
    say(paste("toxicity", kind), kind, "", g, "", c(
      list(n = length(who)), count, list(unknown = sum(is.na(x))), rate("any", 1), rate("grade-2-or-more", 2), rate("grade-3-or-more", 3),
      list("onset-n" = nrow(rows)), summary.of("onset-", rows$onset, all), list("duration-n" = length(lasts)), summary.of("duration-", lasts, all)))
  }
}

out <- do.call(rbind, lines)
out$value <- ifelse(is.na(out$value), "", sprintf("%.17g", out$value))
write.csv(out, stdout(), row.names = FALSE, quote = FALSE)
