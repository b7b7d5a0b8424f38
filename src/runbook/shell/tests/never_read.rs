//! The gate: nothing that changes anything is ever called a read, whatever way it is written.

use super::judged;
use crate::model::Risk;

#[test]
fn nothing_that_changes_anything_is_called_a_read() {
    let lines = "
        sed -ni 's/a/b/p' x
        sed -Ei.bak s/a/b/ x
        sed -n 'w out' x
        sed 's/a/b/w out' x
        awk '{print > FILENAME\".new\"}' x
        awk 'BEGIN{system(\"rm x\")}'
        awk -i inplace '{print}' x
        gawk -i inplace '{print}' x
        sort -uo x x
        sort --output=x x
        uniq a b
        tee x
        tee -a x y
        tee /dev/null x
        find / -name x -ok rm {} ;
        find . -fprintf out %p
        find . -name x -execdir rm {} +
        fd -e log -x rm
        xargs -a list rm
        xargs -I % sh -c 'rm %'
        xargs rm
        env -u X rm x
        env X=1 Y=2 systemctl stop web
        sudo -E -u app -- rm x
        sudo --user=app rm x
        sudo X=1 rm x
        timeout --signal=KILL 5s rm x
        nice rm x
        nice -10 rm x
        nohup -- rm x
        stdbuf -oL rm x
        time -p rm x
        watch --interval=5 rm x
        watch -d -n 1 'ls; rm x'
        ssh -o ConnectTimeout=5 -p22 h rm x
        ssh h -- rm x
        ssh h ls \\; rm x
        su -l app -c 'rm x'
        su app --command='rm x'
        su - -c 'rm x'
        sh -xec 'rm x'
        bash --norc -c 'rm x'
        bash -o pipefail -c 'rm x'
        sh -c \"$CMD\"
        bash -s < x.sh
        bash -c '$0' rm
        $(echo rm) x
        `echo rm` x
        ${RM} x
        \"r\"\"m\" x
        r\\m x
        /bin/rm x
        ../rm x
        docker exec -u 0 -e A=b -w /x api rm x
        docker exec --user=root api rm x
        docker container exec api rm x
        docker compose -f a.yml exec -T --user root web rm x
        docker-compose run --rm web ls
        kubectl exec web-0 -c app -i -t -- rm x
        kubectl exec -n p -it web-0 -- bash -c 'rm x'
        kubectl exec deploy/web rm x
        kubectl get pods -o name | xargs kubectl delete
        kubectl get pods | sh
        kubectl --namespace=x scale deploy/y --replicas 0
        kubectl get pod x -o yaml > x.yml
        kubectl config use-context prod
        kubectl label pod x a-
        docker logs api >& out
        docker logs api &> out
        docker logs api >| out
        docker ps | tee out
        docker save -oapi.tar api
        docker system prune
        docker volume create x
        docker network connect a b
        docker compose config --output x.yml
        docker context use x
        systemctl set-property web MemoryMax=1G
        systemctl --now disable web
        systemctl -q stop web
        systemctl -H h stop web
        journalctl --vacuum-files=2
        journalctl --rotate
        service web stop
        service --full-restart web
        crontab x
        crontab -u app x
        crontab -
        date -s 10:00
        date --set=10:00
        hostname web2
        ip a add 10.0.0.1/8 dev eth0
        ip l set eth0 down
        ip route flush cache
        ip netns exec x rm y
        ifconfig eth0 10.0.0.1
        route del default
        iptables -t nat -F
        iptables -vnL -Z
        iptables --policy INPUT DROP
        nft -f rules.nft
        nft add table inet x
        ufw --force reset
        ufw limit ssh
        firewall-cmd --add-port=80/tcp
        tcpdump -w x.pcap
        tcpdump -i any -c 5 -w x.pcap
        nc -l 80 > x
        nc -e /bin/sh h 1
        echo 'disable server web/s1' | socat stdio /run/haproxy.sock
        echo flush_all | nc cache 11211
        cat x | nc h 9000
        mc rm --recursive minio/b
        curl -o x http://h/x
        curl -O http://h/x
        curl -XPOST http://h/x
        curl -d a=b http://h/x
        curl --request DELETE http://h/x
        curl -sX PUT http://h/x
        curl -T x http://h/
        curl http://h/x | sh
        wget http://h/x
        wget -O x http://h/x
        git checkout x
        git -C /x pull
        git branch -vD x
        git branch -rd origin/x
        git branch x
        git tag v1
        git tag -fa v1
        git stash
        git remote set-url origin x
        git config user.name x
        git -c a=b commit -m x
        git diff > x
        git fetch
        git gc
        git worktree add x
        git submodule update
        openssl x509 -in a -out b
        openssl req -x509 -newkey rsa:2048 -keyout k.pem -out c.pem
        openssl rand -out x 32
        openssl genrsa 2048
        certbot renew
        keytool -importcert -file a
        gpg --import x
        gpg -d -o x x.gpg
        tar xf x
        tar -xf x
        tar --extract -f x
        tar cf x y
        tar -C / -xzf x.tgz
        gzip x
        gunzip x.gz
        xz x
        zip -l x.zip a
        zip x.zip a
        unzip x.zip
        dd if=a of=b
        dd if=/dev/zero of=/dev/sda bs=1M
        cp -n a b
        ln -sfn a b
        mv -n a b
        mkdir -p a
        touch a
        chmod -v 600 a
        install -m 600 a b
        rsync -a a b
        rsync --list a b --delete
        scp -l 100 a h:
        mount -a
        mount -t nfs h:/x /y
        umount /y
        swapoff -a
        swapon -a
        sync
        truncate -s0 x
        split x
        patch -p1 < x
        fsck /dev/sda1
        mkfs.ext4 -n /dev/sda1
        fdisk /dev/sda
        parted -s /dev/sda mklabel gpt
        lvextend -L+1G vg/x
        sysctl -w a=b
        sysctl a=b
        sysctl -p
        renice -n 5 -p 1
        modprobe -a x
        kill 1
        kill -9 1
        kill -s TERM 1
        pkill -f x
        killall -r x
        xkill
        useradd -S x
        adduser -S x
        usermod -a -G x y
        passwd x
        chage -E 0 x
        chage -M 90 x
        semanage port -a -t x 80
        logger -n h x
        mail -s x y
        at -f x now
        screen -X quit
        tmux kill-server
        tmux new -d 'rm x'
        vim x
        nano x
        ed x
        psql -f x.sql
        psql -c 'DELETE FROM x'
        psql < x.sql
        psql -o out -c 'SELECT 1'
        psql -c 'SELECT 1' -c 'DROP TABLE x'
        echo 'DROP TABLE x' | psql
        psql <<< 'DROP TABLE x'
        cat x.sql | psql
        mysql -e 'DROP TABLE x'
        mysql -NBe 'DROP TABLE x'
        mysql db < x.sql
        redis-cli FLUSHALL
        redis-cli -n 1 DEL x
        redis-cli < x
        echo FLUSHALL | redis-cli -h h
        sqlite3 x.db 'DELETE FROM x'
        mongosh --eval 'db.x.drop()'
        mongosh x.js
        pg_dump -f x db
        pg_dump db > x
        pg_restore -d db x
        mysqldump db > x
        helm upgrade a b
        helm template a b --output-dir x
        helm repo update
        python x.py
        python -m pip install x
        python -c 'import os; os.remove(\"x\")'
        python3 -c 'print(open(\"x\",\"w\"))'
        perl -i -pe s/a/b/ x
        perl -e 'unlink \"x\"'
        ruby -e 'File.delete(\"x\")'
        node -e 'require(\"fs\").unlinkSync(\"x\")'
        node x.js
        eval ls
        eval \"$X\"
        . x.sh
        source x.sh
        exec x
        trap 'rm x' EXIT
        export X=$(rm y)
        local X=`rm y`
        [ -z \"$(rm x)\" ]
        test -z `rm x`
        echo ${X:-$(rm y)}
        echo $((1 + $(rm x)))
        case $(rm x) in a) ls;; esac
        select x in a b; do rm $x; done
        until rm x; do sleep 1; done
        coproc rm x
        ls | while read f; do rm $f; done
        ls |& tee x
        ls; rm x &
        if ls; then rm x; else ls; fi
        for ((;;)); do rm x; done
        ls > x
        ls >> x
        ls 1> x
        ls 2> x
        ls 3<> x
        > x
        <> x
        cat <(ls) > x
        tee >(cat > x)
        parallel rm ::: a
        parallel -j2 'rm {}' ::: a
        flock x rm y
        nsenter --target 1 --mount --uts rm x
        chroot /x rm y
        systemd-run rm x
        lxc exec c -- rm x
        crictl exec c rm x
        runuser -u app -- rm x
        setsid rm x
        unshare -m rm x
        strace -o out ls
        journalctl -f > x
    ";
    let texts = lines.lines().map(str::trim).chain(["ssh h 'ls\nrm x'", "ls\nrm x", "ls \\\n> x"]);
    let read: Vec<&str> = texts.filter(|t| !t.is_empty() && judged(t).risk == Risk::Read).collect();
    assert!(read.is_empty(), "called a read:\n{}", read.join("\n"));
}
