# Compiles and links go through the launcher of distcc-build, as many at once as the farm takes:
#
#   include $(shell distcc-launch --makefile)
#
# after CC and CXX are set.  Wraps both whatever their origin, once, in sub-makes too, and sets -j
# unless the user did.  Runs one program, at the top level, for -j; else none.

# This file is in LIB/distcc_build/integrations/make, where LIB is PREFIX/lib/python3.N/site-packages,
# or PREFIX itself after `pip install --target`.
distcc-build.find = $(firstword $(foreach up,../../../../../.. ../../..,$(foreach name,$1,\
  $(wildcard $(abspath $(dir $(lastword $(MAKEFILE_LIST)))$(up)/$(name))))))

# Called distcc, because clangd and clang-tidy look through a launcher of that name only.
distcc-build.launcher := $(call distcc-build.find,libexec/distcc-build/distcc bin/distcc-launch)

# An editable install keeps the launcher apart, and only distcc-build knows where.
ifeq (,$(distcc-build.launcher))
distcc-build.launcher := $(filter /%,$(firstword $(shell distcc-build cc true 2>/dev/null)))
endif

# Without launchers in front: a sub-make gets a CC that the make above has wrapped.
distcc-build.bare = $(if $(filter distcc distcc-launch,$(notdir $(firstword $1))),$\
  $(call distcc-build.bare,$(wordlist 2,$(words $1),$1)),$1)

# ccache takes the word behind it for the compiler, so the launcher is told to it as its prefix;
# a prefix the user chose stays.  sccache knows no prefix.
distcc-build.wrap = $(if $(filter ccache,$(notdir $(firstword $1))),$\
  $(if $(CCACHE_PREFIX),$1,env CCACHE_PREFIX=$(distcc-build.launcher) $1),$\
  $(if $(filter sccache,$(notdir $(firstword $1)))$(filter CCACHE_PREFIX=%,$1),$1,$\
  $(distcc-build.launcher) $1))

ifneq (,$(distcc-build.launcher))

# Only what came from the command line or from make -e needs override; used for the rest, it would
# make a later `CC = clang` in the Makefile do nothing.
ifneq (,$(filter command override,$(origin CC)))
override CC := $(call distcc-build.wrap,$(call distcc-build.bare,$(CC)))
else ifneq (,$(strip $(CC)))
CC := $(call distcc-build.wrap,$(call distcc-build.bare,$(CC)))
endif

ifneq (,$(filter command override,$(origin CXX)))
override CXX := $(call distcc-build.wrap,$(call distcc-build.bare,$(CXX)))
else ifneq (,$(strip $(CXX)))
CXX := $(call distcc-build.wrap,$(call distcc-build.bare,$(CXX)))
endif

# Not in a sub-make: -j would cut it off from the jobs of the make above.  A -j on the command line
# wins over this one; a -j in the environment's MAKEFLAGS does not, and make 4.3 shows it only to
# the shell (4.4 and newer show both here).
ifeq (0,$(MAKELEVEL))
ifeq (,$(filter -j% --jobs%,$(MAKEFLAGS)))
ifeq (,$(filter off OFF Off 0 no NO No false FALSE False,$(DISTCC_BUILD)))
ifneq (,$(filter-out clean distclean mostlyclean maintainer-clean help,$(or $(MAKECMDGOALS),all)))
distcc-build.jobs := $(shell case " $$MAKEFLAGS" in \
  (*' -j'* | *' --jobs'* | ' j'*) ;; (*) $(distcc-build.launcher) --jobs ;; esac)
ifneq (,$(filter-out 0 1,$(firstword $(distcc-build.jobs))))
MAKEFLAGS += -j$(firstword $(distcc-build.jobs))
endif
endif
endif
endif
endif

endif
