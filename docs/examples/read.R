# The mean time of every pass, computed again from the samples that `kerf export` wrote, in base R.
#
#   kerf export profile.json --csv profile
#   kerf export calibration.json --csv calibration
#   Rscript read.R profile calibration
#
# The second folder is optional: the same means as the calibration has them.

folders <- commandArgs(trailingOnly = TRUE)
if (length(folders) < 1) stop("usage: Rscript read.R PROFILE-TABLES [CALIBRATION-TABLES]")

# An empty cell is a missing value. A name may be "NA", so that is none.
table_of <- function(folder, name) {
  read.csv(file.path(folder, paste0(name, ".csv")), na.strings = "", check.names = FALSE)
}

times <- table_of(folders[1], "layer_times")
# The calibration's mean leaves out the fastest and the slowest fifth of the steps; the column says which.
means <- aggregate(seconds ~ layer + kind + direction, data = times[times$used_by_fit, ], FUN = mean)
means <- means[order(means$layer, means$direction != "forward"), ]
print(means, digits = 6, row.names = FALSE)

steps <- table_of(folders[1], "steps")
step <- mean(steps$seconds[steps$used_by_fit])
cat(sprintf("the whole step: %.6g s over %d of %d steps\n", step, sum(steps$used_by_fit), nrow(steps)))

if (length(folders) > 1) {
  passes <- table_of(folders[2], "passes")
  both <- merge(means, passes, by = c("layer", "direction"))
  both <- both[both$time_seconds > 0, ]
  quantities <- table_of(folders[2], "quantities")
  found <- c(both$seconds, step)
  fitted <- c(both$time_seconds, quantities$value[quantities$quantity == "step.time_seconds"])
  cat(sprintf("largest relative difference of %d times: %.3g\n", length(found), max(abs(found / fitted - 1))))
}
