# The answers of the registry a second time, from the canonical CSV files (docs/mapping.md) with nothing of the server: base R and the survival package.
#
#   Rscript reference.R DIR AS-OF > answers.csv
#
# With TELL=doris-2021 (an endpoint with its parameters, or a value) it also tells on standard error what it takes each patient for.
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
  doris.pga = 0.5, doris.gc = 5, doris.gc.below = FALSE, doris.stable.days = 30, lldas.sledai = 4, lldas.pga = 1, lldas.gc = 7.5,
  response.fall = 4, response.baseline = 4, upcr.max = 0.5, upcr.baseline = 0.5, upcr.partial.fall = 0.5, upcr.partial.max = 3, egfr.tolerance = 0.15,
  relapse.csledai = 0, relapse.pga = 0.5, relapse.gc = 5, aplasia.max = 10, recon.min = 10, recon.at.lln = FALSE, recon.confirmed = TRUE,
  visit.days = 7, baseline.days = 60, toxicity.days = 30, watched = c(crs = 14, icans = 28)
)
# with.rules computes something with other parameters.
with.rules <- function(change, value) {
  was <- rules
  on.exit(rules <<- was)
  rules[names(change)] <<- change
  force(value)
}
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

visits$pga <- ifelse(visits$pga_scale %in% c(NA, "3"), num(visits$pga), num(visits$pga) * 3 / num(visits$pga_scale))
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
sledai$cleast <- cleast; sledai$cmost <- cmost
sledai$tick <- I(tick)
sledai$major <- apply(tick[, major, drop = FALSE], 1, any)

# The units that the canonical files may have (section 3 of the specification).
test <- c("5130-0" = "dsdna", "4485-9" = "c3", "4498-2" = "c4", "2890-2" = "upcr", "98979-8" = "egfr", "8116-6" = "cd19")
labs$test <- unname(test[labs$loinc]); labs <- labs[!is.na(labs$test), ]
sign <- ifelse(grepl("^[<>]", labs$value), substr(labs$value, 1, 1), "")
raw <- num(sub("^[<>]=?", "", labs$value))
scale <- ifelse(labs$unit == "mg/dL" & labs$test %in% c("c3", "c4"), 1 / 100, ifelse(labs$unit == "mg/g", 1 / 1000, ifelse(labs$unit == "mg/mmol", 0.00884, 1)))
labs$x <- raw * scale; labs$raw <- raw; labs$sign <- sign
labs$low <- num(labs$low); labs$high <- num(labs$high)
# Compared with a bound, a value beyond a limit of detection is known where the limit is beyond the bound too.
below <- function(x, sign, bound) ifelse(sign == "<", ifelse(x <= bound, TRUE, NA), ifelse(sign == ">", ifelse(x >= bound, FALSE, NA), x < bound))
atmost <- function(x, sign, bound) ifelse(sign == "<", ifelse(x <= bound, TRUE, NA), ifelse(sign == ">", ifelse(x >= bound, FALSE, NA), x <= bound))

# One list for each patient, so that nothing is looked for twice.
split.by <- function(d) split(d, factor(d$registry_id, ids))
V <- split.by(visits); S <- split.by(sledai); L <- split.by(labs); D <- split.by(deaths)
# What clinicians judged, and the relapses that they told of, by their own days.
O <- split.by(dated(outcome, "visit_date")); R <- split.by(dated(outcome, "relapse_date"))
of <- function(column, table) setNames(table[[column]][match(ids, table$registry_id)], ids)
depleted <- course[course$course_no == "1", ]
prepared <- setNames(as.integer(as.Date(of("ld_start", depleted)) - zero), ids)
again <- sapply(ids, function(i) { d <- as.integer(as.Date(infused$infusion_date[infused$registry_id == i]) - zero[[i]]); if (length(d) > 1) sort(d)[2] else Inf })
end <- setNames(as.integer(asof - zero), ids)
women <- setNames(of("sex", patients) == "female", ids)
center <- setNames(of("center_id", patients), ids)
product <- of("product", first)
nephritis <- setNames(!is.na(of("ln_class", sle)) | of("organ_renal", sle) %in% "1", ids)

# ---- One choice: the value that is nearest to the nominal day, of two as near the later.

nearest <- function(day, nominal) { k <- which(!is.na(day)); k[order(abs(day[k] - nominal), -day[k])][1] }
inside <- function(d, from, to) !is.na(d$day) & d$day >= from & d$day <= to
maybe <- function(d, from, to) is.na(d$day) & d$first <= to & pmin(d$last, end[d$registry_id]) >= from

# What stands in a column beside an assessment: of its day, else of the nearest day within a week.
beside <- function(i, day, column) {
  v <- V[[i]]; d <- v$day; x <- v[[column]]
  k <- which(!is.na(d) & abs(d - day) <= rules$visit.days & !is.na(x) & (d < again[[i]] | day >= again[[i]]))
  if (length(k)) x[k[nearest(d[k], day)]] else NA
}

# ---- The outcomes at one assessment, which is of the day of a SLEDAI-2K.

# What costs much and depends on no rule is kept.
kept <- new.env()
keep <- function(key, value) { if (is.null(kept[[key]])) assign(key, list(value), kept); kept[[key]][[1]] }
row.of <- function(i, day) keep(paste("row", i, day), { s <- S[[i]]; k <- which(s$day == day); if (length(k)) s[k[1], ] else NULL })
baseline.score <- function(i) keep(paste("baseline", i), {
  s <- S[[i]]
  k <- which(!is.na(s$day) & s$day < prepared[[i]] & s$day >= prepared[[i]] - rules$baseline.days)
  if (length(k)) s[k[which.max(s$day[k])], ] else NULL
})
previous <- function(i, day) keep(paste("previous", i, day), { s <- S[[i]]; k <- which(s$last < day); if (length(k)) s[k[order(s$last[k], decreasing = TRUE)][1], ] else NULL })

# Immunosuppressives and biologics are allowed on a stable dose: none that the visit tells of was taken up in the days before.
suppressants <- c("mmf", "aza", "cni", "biologic")
stable <- function(i, day) {
  if (rules$doris.stable.days == 0) return(TRUE)
  all(sapply(suppressants, function(f) {
    now <- beside(i, day, f)
    if (!(now %in% TRUE)) return(TRUE)
    since <- taken.up(i, f, day - rules$doris.stable.days, day)
    !since
  }))
}
# taken.up says whether a drug was taken up after a day, by one on which it is taken: no where the visit before told that it is taken too, yes
# where that one told that it is not and is not before the day. The start lies between the two visits.
taken.up <- function(i, drug, after, until) {
  day <- V[[i]]$day; x <- V[[i]][[drug]]
  k <- which(!is.na(day) & !is.na(x) & day <= until); k <- k[order(day[k])]
  n <- length(k)
  if (n < 2 || !x[k[n]] || x[k[n - 1]]) return(FALSE)
  if (day[k[n - 1]] >= after) TRUE else if (day[k[n]] <= after) FALSE else NA
}

doris <- function(i, day) {
  s <- row.of(i, day)
  dose <- beside(i, day, "gc")
  every(if (is.null(s)) NA else s$cnone, beside(i, day, "pga") < rules$doris.pga, if (rules$doris.gc.below) dose < rules$doris.gc else dose <= rules$doris.gc, stable(i, day))
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
off.treatment <- function(i, day) every(doris(i, day), beside(i, day, "gc") == 0, !beside(i, day, "mmf"), !beside(i, day, "aza"), !beside(i, day, "cni"), !beside(i, day, "biologic"))
gc.free <- function(i, day) every(doris(i, day), beside(i, day, "gc") == 0)
is.free <- function(i, day) every(doris(i, day), !beside(i, day, "mmf"), !beside(i, day, "aza"), !beside(i, day, "cni"), !beside(i, day, "biologic"))
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

# Who died before the window closed is shown apart, also where nobody knows whether there was anything to respond.
unless.died <- function(i, w) if (absent(i, w, FALSE) == "died") "died" else "not-evaluable"

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

lab.of <- function(i, name) keep(paste("lab", i, name), { l <- L[[i]]; l[l$test == name, ] })
lab.at <- function(i, name, w, reinfusion = "censor") {
  l <- lab.of(i, name)
  k <- which(inside(l, w$from, w$to) & (reinfusion != "censor" | l$day <= again[[i]]))
  if (length(k)) l[k[nearest(l$day[k], w$nominal)], ] else NULL
}
lab.base <- function(i, name) keep(paste("lab.base", i, name), {
  l <- lab.of(i, name)
  k <- which(l$day < prepared[[i]] & l$day >= prepared[[i]] - rules$baseline.days)
  if (length(k)) l[k[which.max(l$day[k])], ] else NULL
})

# rescued says whether an immunosuppressive or biologic was taken up since the infusion, or cells were given again.
rescued <- function(i, day) {
  v <- V[[i]]; days <- v$day[!is.na(v$day) & v$day > 0 & v$day <= day]
  again[[i]] <= day || any(unlist(lapply(suppressants, function(f) sapply(days, function(d) taken.up(i, f, 0, d)))))
}
complete <- function(u, b) below(u$x, u$sign, rules$upcr.max)
partial <- function(u, b) every(if (b$sign != "") NA else atmost(u$x, u$sign, b$x * (1 - rules$upcr.partial.fall)), below(u$x, u$sign, rules$upcr.partial.max))
renal <- function(good, reinfusion = "censor") function(i, w) {
  if (!nephritis[[i]]) return("not-applicable")
  b <- lab.base(i, "upcr"); g <- lab.base(i, "egfr")
  if (is.null(b)) return(unless.died(i, w))
  if (below(b$x, b$sign, rules$upcr.baseline) %in% TRUE) return("not-applicable")
  u <- lab.at(i, "upcr", w, reinfusion); f <- lab.at(i, "egfr", w, reinfusion)
  if (is.null(u) && is.null(f)) {
    if (reinfusion == "failure" && again[[i]] <= w$to) return("not-met")
    l <- L[[i]]
    return(absent(i, w, any(maybe(l[l$test %in% c("upcr", "egfr"), ], w$from, w$to))))
  }
  day <- max(u$day, f$day)
  if (reinfusion == "failure" && day > again[[i]]) return("not-met")
  stable <- if (is.null(f) || is.null(g)) NA else f$x >= (1 - rules$egfr.tolerance) * g$x
  said(every(if (is.null(u)) NA else good(u, b), stable, !rescued(i, day)))
}

normal <- function(name, bad) function(i, w) {
  b <- lab.base(i, name)
  if (is.null(b)) return(unless.died(i, w))
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
  if (is.na(among)) unless.died(i, w) else if (among) at(i, w, judge, reinfusion) else "not-applicable"
}
has.activity <- function(i) {
  b <- baseline.score(i)
  if (is.null(b)) NA else if (b$least >= rules$response.baseline) TRUE else if (b$most < rules$response.baseline) FALSE else NA
}
# What a clinician judged, in place of what is computed.
clinician <- function(column) function(i, w) {
  d <- O[[i]]; d <- d[!is.na(d[[column]]) & d$first <= again[[i]], ]
  k <- which(inside(d, w$from, w$to))
  if (length(k)) d[[column]][k[nearest(d$day[k], w$nominal)]] else absent(i, w, any(maybe(d, w$from, w$to)))
}

endpoints <- list(
  "doris-2021" = by.visit(doris), "doris-2021 reinfusion=failure" = by.visit(doris, "failure"), "lldas" = by.visit(lldas), "drug-free-remission" = by.visit(drugfree),
  "doris-2021-off-treatment" = by.visit(off.treatment), "gc-free-remission" = by.visit(gc.free), "is-free-remission" = by.visit(is.free),
  "lldas reinfusion=failure" = by.visit(lldas, "failure"), "sledai-response-4" = by.visit(response, applies = has.activity), "crr" = renal(complete), "prr" = renal(partial),
  "crr reinfusion=failure" = renal(complete, "failure"), "dsdna-normal" = normal("dsdna", high), "c3-normal" = normal("c3", low), "c4-normal" = normal("c4", low),
  "doris-2021 source=clinician" = clinician("doris"), "lldas source=clinician" = clinician("lldas"),
  "doris-2021 doris.gc-below=true" = by.visit(doris), "doris-2021 doris.gc=7.5 doris.pga=1 doris.stable-days=0" = by.visit(doris),
  "lldas lldas.sledai=2 lldas.pga=0.2 lldas.gc=0" = by.visit(lldas), "sledai-response-4 response.fall=8 response.baseline=12" = by.visit(response, applies = has.activity),
  "crr upcr.max=0.7 egfr.tolerance=0.1" = renal(complete), "crr upcr.baseline=1" = renal(complete), "prr upcr.partial-fall=0.75 upcr.partial-max=0.4" = renal(partial),
  "doris-2021 strata=overlap" = by.visit(doris),
  "doris-2021 window=tp-m03=76..104 window=tp-m12=300..500" = by.visit(doris), "dsdna-normal window=tp-m06=170..190" = normal("dsdna", high)
)

# What the words of a question set: the rules, by their names, and the windows.
words.of <- function(ask) strsplit(ask, " ")[[1]][-1]
rules.of <- function(ask) {
  l <- list()
  for (w in strsplit(words.of(ask), "=")) {
    name <- gsub("-", ".", w[1])
    if (length(w) == 2 && name %in% names(rules)) l[[name]] <- if (w[2] %in% c("true", "false")) w[2] == "true" else num(w[2])
  }
  l
}
windows.of <- function(ask) {
  for (w in grep("^window=", words.of(ask), value = TRUE)) {
    p <- strsplit(w, "=")[[1]]; days <- num(strsplit(p[3], "..", fixed = TRUE)[[1]])
    windows[windows$code == p[2], c("from", "to")] <- days
  }
  windows
}

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
# The groups of a question: women and the others; or with the word strata=overlap women, then who of the rest is of a center, then the others.
first.center <- ids[center == "SYN-C1"]
groups.of <- function(ask) {
  if (!grepl("strata=overlap", ask)) return(list(all = ids, women = ids[women], other = ids[!women]))
  among <- setdiff(first.center, ids[women])
  list(all = ids, women = ids[women], c1 = among, other = setdiff(ids[!women], among))
}

for (e in names(endpoints)) for (k in seq_len(nrow(windows))) {
  w <- windows.of(e)[k, ]
  is <- with.rules(rules.of(e), sapply(ids, function(i) if (w$to > end[[i]]) "not-due" else endpoints[[e]](i, w)))
  if (Sys.getenv("TELL") == e) write.table(data.frame(w$code, ids, is), stderr(), col.names = FALSE, row.names = FALSE, quote = FALSE)
  groups <- groups.of(e)
  for (g in names(groups)) {
    x <- is[groups[[g]]]
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
  of.all <- groups.of(ask)
  groups <- lapply(of.all, function(g) g[!is.na(time[g])])
  for (g in names(groups)) {
    x <- groups[[g]]; t <- time[x]; c <- cause[x]
    method <- if (competes) "aalen-johansen" else "kaplan-meier"
    say(ask, "group", "", g, "", list(n = length(of.all[[g]]), followed = length(x), "not-applicable" = sum(!applicable[of.all[[g]]]),
      "not-evaluable" = sum(applicable[of.all[[g]]]) - length(x), events = sum(c == 1), competing = if (competes) sum(c == 2) else 0, censored = sum(c == 0)))
    if (length(x) == 0) next
    if (competes) {
      s <- survfit(Surv(t, factor(c, 0:2, c("none", "event", "death"))) ~ 1, conf.type = "log-log", id = seq_along(t))
      j <- match("event", s$states)
      v <- data.frame(time = s$time, risk = s$n.risk[, 1], p = s$pstate[, j], se = s$std.err[, j], lower = s$lower[, j], upper = s$upper[, j])
      v[v$p > 1 - 1e-12, c("lower", "upper")] <- NA # there are none on the scale of log(-log p)
    } else {
      s <- survfit(Surv(t, c == 1) ~ 1, conf.type = "log-log")
      v <- data.frame(time = s$time, risk = s$n.risk, p = s$surv, se = ifelse(s$surv == 0, 0, s$surv * s$std.err), lower = s$lower, upper = s$upper)
      m <- summary(s)$table
      say(ask, "group", "", g, "", list(median = m[["median"]], "median-lower" = m[["0.95LCL"]], "median-upper" = m[["0.95UCL"]]))
    }
    for (k in seq_len(nrow(v))) say(ask, "curve", "", g, v$time[k], list("at-risk" = v$risk[k], probability = v$p[k], "standard-error" = v$se[k], lower = v$lower[k], upper = v$upper[k]))
  }
  x <- ids[!is.na(time)]
  group <- rep(NA, length(ids)); names(group) <- ids
  for (g in names(of.all)[-1]) group[of.all[[g]]] <- g
  l <- survdiff(Surv(time[x], cause[x] == 1) ~ group[x])
  df <- sum(l$exp > 0) - 1
  say(ask, "log-rank", "", "", "", list("chi-square" = l$chisq, df = df, p = pchisq(l$chisq, df, lower.tail = FALSE)))
}

# Overall survival: death, else the last day on which the patient is known to have lived: told so, seen, assessed, judged, measured or treated.
# Follow-up ends on the day as of which is asked, so that who was seen after it lived then.
exact <- function(i, table, column) {
  d <- table[[column]][table$registry_id == i & nchar(table[[column]]) %in% 10]
  as.integer(as.Date(d) - zero[[i]])
}
toxicities <- read("tox")
seen <- list(list(read("visits"), "last_alive"), list(read("visits"), "visit_date"), list(read("sledai"), "visit_date"), list(read("labs"), "date"), list(infusion, "infusion_date"),
  list(outcome, "visit_date"), list(outcome, "relapse_date"),
  list(toxicities[toxicities$type %in% c("crs", "icans", "licats", "icaht"), ], "onset"), list(course, "ld_start"))
seen.alive <- function(i) min(end[[i]], max(unlist(lapply(seen, function(s) exact(i, s[[1]], s[[2]]))), 0))
survival <- follow(function(i, dead) if (!is.na(dead) && dead <= end[[i]]) c(dead, 1) else c(seen.alive(i), 0))
column <- function(l, k) setNames(sapply(l, `[`, k), ids)
for (ask in c("time-to-event overall-survival", "time-to-event overall-survival strata=overlap")) curve(ask, column(survival, 1), column(survival, 2), FALSE, setNames(rep(TRUE, length(ids)), ids))

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

# A relapse of some month only is one, and nobody knows when: what it would decide is not evaluable. earliest is the first of days; NA where a
# relapse of some month may have been before it.
stated.relapse <- function(i, after) {
  d <- R[[i]]
  exact <- d$day[!is.na(d$day) & d$day > after]
  vague <- d$first[is.na(d$day) & d$last > after]
  list(day = min(Inf, exact), vague = min(Inf, vague))
}

# The first day after a remission on which lupus is active, more is taken, or a drug was taken up again: of assessments with what stands beside
# them, and of any visit with what it tells itself.
relapse.day <- function(i, after) {
  v <- V[[i]]; v <- v[!is.na(v$day) & v$day > after & v$day <= again[[i]], ]
  s <- S[[i]]; s <- s[!is.na(s$day) & s$day > after & s$day <= again[[i]], ]
  days <- c(
    s$day[s$cleast > rules$relapse.csledai],
    s$day[vapply(s$day, function(d) (beside(i, d, "pga") >= rules$relapse.pga || beside(i, d, "gc") > rules$relapse.gc) %in% TRUE, NA)],
    v$day[(v$pga >= rules$relapse.pga) %in% TRUE], v$day[(v$gc > rules$relapse.gc) %in% TRUE],
    unlist(lapply(suppressants, function(f) v$day[vapply(v$day, function(d) (taken.up(i, f, after - rules$visit.days, d) & v[[f]][v$day == d][1]) %in% TRUE, NA)]))
  )
  min(Inf, days)
}

relapse.free <- function(reinfusion, population) follow(function(i, dead) {
  stop <- min(again[[i]], end[[i]], dead, na.rm = TRUE)
  a <- assessed(i, doris)
  within <- a[a$day <= stop, ]
  if (population == "responders" && !any(within$is %in% TRUE)) return(c(NA, if (anyNA(within$is)) NA else 0))
  met <- a$day[a$is %in% TRUE]
  told <- stated.relapse(i, 0)
  day <- min(told$day, if (length(met)) relapse.day(i, met[1]) else Inf)
  if (!is.na(dead) && dead == stop) day <- min(day, dead)
  if (reinfusion == "failure" && again[[i]] == stop) day <- min(day, stop)
  if (told$vague < min(day, stop + 1)) return(c(NA, NA))
  if (day <= stop) return(c(day, 1))
  c(max(c(0, within$day[!is.na(within$is)])), 0)
})

drug.free <- function(reinfusion) follow(function(i, dead) {
  stop <- min(again[[i]], end[[i]], dead, na.rm = TRUE)
  a <- assessed(i, drugfree); a <- a[a$day <= stop, ]
  free.days <- a$day[a$is %in% TRUE]
  if (!length(free.days)) return(c(NA, 0))
  start <- free.days[1]
  told <- stated.relapse(i, start)
  v <- V[[i]]; v <- v$day[!is.na(v$day) & v$day > start]
  treated <- v[vapply(v, function(d) (!free(i, d)) %in% TRUE, NA)]
  day <- min(told$day, a$day[a$day > start & a$is %in% FALSE], treated, relapse.day(i, start))
  if (!is.na(dead) && dead == stop) day <- min(day, dead)
  if (reinfusion == "failure" && again[[i]] == stop) day <- min(day, stop)
  if (told$vague < min(day, stop + 1)) return(c(NA, NA))
  if (day <= stop) return(c(day - start, 1))
  c(max(free.days) - start, 0)
})
in.scope <- function(l) { t <- column(l, 1); c <- column(l, 2); setNames(!(is.na(t) & c %in% 0), ids) }
for (e in c("relapse-free-survival", "relapse-free-survival reinfusion=censor strata=overlap", "relapse-free-survival population=responders",
  "relapse-free-survival population=responders reinfusion=censor", "relapse-free-survival relapse.gc=0 relapse.pga=0.2", "relapse-free-survival relapse.csledai=4 relapse.pga=3",
  "relapse-free-survival doris.gc-below=true doris.gc=2", "drug-free-duration", "drug-free-duration reinfusion=censor", "drug-free-duration doris.pga=0.2")) {
  ask <- paste("time-to-event", e)
  reinfusion <- if (grepl("censor", e)) "censor" else "failure"
  l <- with.rules(rules.of(ask), if (grepl("^drug", e)) drug.free(reinfusion) else relapse.free(reinfusion, if (grepl("responders", e)) "responders" else "infused"))
  if (Sys.getenv("TELL") == e) write.table(data.frame(ids, column(l, 1), column(l, 2)), stderr(), col.names = FALSE, row.names = FALSE, quote = FALSE)
  curve(ask, column(l, 1), column(l, 2), FALSE, in.scope(l))
}

# The return of B cells, of those with documented aplasia: the first of two samples in turn above the bound; censored at the last sample.
returned <- function() follow(function(i, dead) {
  l <- L[[i]]; l <- l[l$test == "cd19" & !is.na(l$day) & l$day > 0 & l$day <= min(again[[i]], dead, na.rm = TRUE), ]; l <- l[order(l$day), ]
  none <- which(atmost(l$x, l$sign, rules$aplasia.max) %in% TRUE)
  if (nrow(l) == 0) return(c(NA, NA))
  if (length(none) == 0) return(c(NA, 0))
  above <- if (rules$recon.at.lln) !below(l$raw, l$sign, l$low) else !atmost(l$x, l$sign, rules$recon.min)
  k <- which(seq_along(above) > none[1] & above & (if (rules$recon.confirmed) c(above[-1], FALSE) else TRUE))
  if (length(k)) return(c(l$day[k[1]], 1))
  if (!is.na(dead) && dead <= min(again[[i]], end[[i]])) return(c(dead, 2))
  c(max(l$day), 0)
})
for (e in c("b-cell-return", "b-cell-return recon.confirmed=false", "b-cell-return recon.at-lln=true", "b-cell-return recon.min=50 aplasia.max=5", "b-cell-return recon.at-lln=true recon.confirmed=false")) {
  ask <- paste("time-to-event", e)
  l <- with.rules(rules.of(ask), returned())
  if (Sys.getenv("TELL") == e) write.table(data.frame(ids, column(l, 1), column(l, 2)), stderr(), col.names = FALSE, row.names = FALSE, quote = FALSE)
  curve(ask, column(l, 1), column(l, 2), TRUE, in.scope(l))
}

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
of.lab <- function(name, usable = function(d) rep(TRUE, nrow(d)), value = function(r) r$x) list(function(i) lab.of(i, name), usable, value)
biomarkers <- list(
  "c4" = of.lab("c4"), "upcr" = of.lab("upcr"), "cd19" = of.lab("cd19"), "egfr" = of.lab("egfr"),
  "c3 scale=ratio" = of.lab("c3", function(d) !is.na(d$low), function(r) r$raw / r$low), "c3 window=tp-m06=170..190" = of.lab("c3"), "c3 strata=overlap" = of.lab("c3"),
  "csledai-2k" = list(function(i) S[[i]], function(d) d$cleast == d$cmost, function(r) r$cleast),
  "gc-dose" = list(function(i) V[[i]][!is.na(V[[i]]$gc), ], function(d) !is.na(d$gc), function(r) r$gc),
  "sledai-2k" = list(function(i) S[[i]], function(d) !is.na(d$total), function(r) r$total),
  "pga" = list(function(i) V[[i]][!is.na(V[[i]]$pga), ], function(d) !is.na(d$pga), function(r) r$pga),
  "dsdna" = list(function(i) lab.of(i, "dsdna"), function(d) !is.na(d$high), function(r) r$raw / r$high),
  "c3" = list(function(i) lab.of(i, "c3"), function(d) rep(TRUE, nrow(d)), function(r) r$x)
)
for (b in names(biomarkers)) {
  f <- biomarkers[[b]]
  got <- function(w) lapply(setNames(ids, ids), function(i) pick(f[[1]](i), i, w, f[[2]], grepl("sledai", b)))
  start <- got(base)
  if (Sys.getenv("TELL") == b) for (k in seq_len(nrow(windows))) write.table(data.frame(windows$code[k], ids, sapply(got(windows[k, ]), `[[`, "is")), stderr(), col.names = FALSE, row.names = FALSE, quote = FALSE)
  groups <- groups.of(b)
  for (k in 0:nrow(windows)) {
    w <- if (k == 0) base else windows.of(b)[k, ]
    v <- if (k == 0) start else got(w)
    for (g in names(groups)) {
      who <- groups[[g]]
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
told.until <- pmin(end, again)
for (kind in c("crs", "icans", "crs within=3", "icans within=28", "crs strata=overlap")) {
  type <- sub(" .*", "", kind)
  word <- grep("^within=", words.of(kind), value = TRUE)
  last <- if (length(word)) num(sub("within=", "", word)) else rules$toxicity.days
  own <- grades[is.na(grades$onset) | grades$onset <= end[grades$registry_id], ]
  of.kind <- grades[grades$type == type, ]
  # The highest grade is told once the time in which the syndrome can begin, and the episode, are over; or these days are.
  over <- pmin(pmax(rules$watched[[type]], of.kind$onset, of.kind$end, na.rm = TRUE), last) <= end[of.kind$registry_id]
  grade <- setNames(ifelse(!is.na(of.kind$onset) & of.kind$onset > last, 0, num(of.kind$max_grade))[over][match(ids, of.kind$registry_id[over])], ids)
  groups <- if (grepl("strata", kind)) groups.of(kind) else c(list(all = ids), lapply(setNames(nm = sort(unique(product))), function(g) ids[product == g]))
  for (g in names(groups)) {
    who <- groups[[g]]
    x <- grade[who]
    count <- setNames(lapply(0:5, function(k) sum(x %in% k)), paste0("grade-", 0:5))
    rate <- function(name, least) { p <- proportion(name, sum(x >= least, na.rm = TRUE), sum(!is.na(x))); c(setNames(list(sum(x >= least, na.rm = TRUE)), name), p) }
    rows <- own[own$type == type & own$registry_id %in% who & num(own$max_grade) > 0 & own$onset %in% 0:last, ]
    lasts <- (rows$end - rows$onset)[!is.na(rows$end) & rows$end <= end[rows$registry_id]]
    all <- function(x) list(min = min(x), max = max(x))
    say(paste("toxicity", kind), type, "", g, "", c(
      list(n = length(who)), count, list(unknown = sum(is.na(x))), rate("any", 1), rate("grade-2-or-more", 2), rate("grade-3-or-more", 3),
      list("onset-n" = nrow(rows)), summary.of("onset-", rows$onset, all), list("duration-n" = length(lasts)), summary.of("duration-", lasts, all)))
    # Whoever was given something against a toxicity in these days was treated, whatever the toxicity was.
    for (drug in c("tocilizumab", "glucocorticoid")) {
      given <- unique(own$registry_id[own[[c(tocilizumab = "toci", glucocorticoid = "steroid")[[drug]]]] %in% "1" & own$onset %in% 0:last & own$onset <= told.until[own$registry_id]])
      x <- sum(who %in% given)
      say(paste("toxicity", kind), drug, "", g, "", c(list(n = length(who), treated = x, "not-treated" = length(who) - x), proportion("rate", x, length(who))))
    }
  }
}

# ---- Completeness: what is expected of each center and what is there.

lacking.death <- function(i, w) { d <- D[[i]]; nrow(d) == 0 || d$first[1] > w$to }
alive <- sapply(ids, function(i) max(c(-Inf, exact(i, read("visits"), "last_alive"))))
doses <- infusion[!is.na(infusion$dose_e6_per_kg) | !is.na(infusion$dose_total_e6), ]
form.names <- c("sledai-2k", "csledai-2k", "pga", "gc-dose", "c3", "c4", "upcr", "cd19", "egfr", "dsdna", "last-known-alive", "doris-2021", "lldas")
is.there <- function(form, i, w) {
  if (form == "last-known-alive") return(alive[[i]] >= w$from)
  if (form %in% c("doris-2021", "lldas")) {
    d <- O[[i]]; d <- d[!is.na(d[[sub("-2021", "", form)]]) & d$first <= again[[i]], ]
    return(any(inside(d, w$from, w$to)))
  }
  f <- if (form == "dsdna") of.lab("dsdna") else biomarkers[[form]]
  !is.null(pick(f[[1]](i), i, w, f[[2]], grepl("sledai", form))$row)
}
complete.line <- function(ask, timepoint, is, groups) {
  for (g in names(groups)) {
    x <- is[groups[[g]]]
    n <- function(what) sum(x == what)
    say(ask, "form", timepoint, g, "", list(n = length(x), present = n("present"), missing = n("missing"), "not-expected" = n("not-expected"),
      expected = n("present") + n("missing"), share = if (n("present") + n("missing") > 0) n("present") / (n("present") + n("missing")) else NA))
  }
}
centers <- c(list(all = ids), lapply(setNames(nm = sort(unique(center))), function(g) ids[center == g]))
for (form in form.names) for (k in 0:nrow(windows)) {
  w <- if (k == 0) base else windows[k, ]
  after <- form %in% c("last-known-alive", "doris-2021", "lldas")
  is <- sapply(ids, function(i) {
    if (k == 0 && after || k > 0 && (w$to > end[[i]] || !lacking.death(i, w))) "not-expected" else if (is.there(form, i, w)) "present" else "missing"
  })
  complete.line(paste("completeness", form), w$code, is, centers)
}
for (form in c("cart-dose", "crs-max-grade", "icans-max-grade")) {
  type <- sub("-max-grade", "", form)
  rows <- if (form == "cart-dose") doses[doses$course_no %in% c("1", NA), ] else grades[grades$type == type & (is.na(grades$onset) | grades$onset <= end[grades$registry_id]), ]
  is <- ifelse(form != "cart-dose" & end < rules$toxicity.days, "not-expected", ifelse(ids %in% rows$registry_id, "present", "missing"))
  complete.line(paste("completeness", form), "", is, centers)
}

out <- do.call(rbind, lines)
out$value <- ifelse(is.na(out$value), "", sprintf("%.17g", out$value))
write.csv(out, stdout(), row.names = FALSE, quote = FALSE)
